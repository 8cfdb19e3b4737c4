//! Keys in camel case, as `-o json` has them.

use serde_json::{Map, Value};

/// Maps whose keys are somebody's own words.
const FREE_MAPS: [&str; 3] = ["annotations", "labels", "metadata"];

/// A copy with `snake_case` keys in camel case. Free maps keep their keys, as do keys of another style.
pub(super) fn camel(value: &Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.iter().map(camel).collect()),
        Value::Object(fields) => Value::Object(fields.iter().map(field).collect::<Map<_, _>>()),
        other => other.clone(),
    }
}

fn field((key, value): (&String, &Value)) -> (String, Value) {
    // The metadata of an image is of our words; that of a package is of its ecosystem's.
    let own_words = key == "metadata" && value.get("layer_count").or_else(|| value.get("arch")).is_some();
    let keep = FREE_MAPS.contains(&key.as_str()) && !own_words;
    (camel_key(key), if keep { value.clone() } else { camel(value) })
}

fn camel_key(key: &str) -> String {
    let snake = key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if !snake || key.starts_with('_') {
        return key.to_owned();
    }
    let mut parts = key.split('_');
    let mut name = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let mut letters = part.chars();
        name.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(letters.as_str());
    }
    name
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::camel;

    #[test]
    fn keys_of_the_api_change_and_those_of_others_do_not() {
        let body = json!({
            "image_digest": "x", "annotations": {"cost_center": 1}, "nvd_data": [{"cvss_v3": {"base_score": 9.8}}],
            "implementation-version": "1", "layerID": "y", "is_kev": true,
            "image_content": {"metadata": {"arch": "amd64", "layer_count": 2}},
            "content": [{"metadata": {"main_class": "a"}}],
        });
        let expected = json!({
            "imageDigest": "x", "annotations": {"cost_center": 1}, "nvdData": [{"cvssV3": {"baseScore": 9.8}}],
            "implementation-version": "1", "layerID": "y", "isKev": true,
            "imageContent": {"metadata": {"arch": "amd64", "layerCount": 2}},
            "content": [{"metadata": {"main_class": "a"}}],
        });
        assert_eq!(camel(&body), expected);
    }
}
