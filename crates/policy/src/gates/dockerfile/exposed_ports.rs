//! `dockerfile` / `exposed_ports`: the ports that the image declares.

use stopgate_model::Remediation;

use super::lines::{self, Line};
use crate::engine::Scene;
use crate::gates::facts::python_list;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::types::{ListType, NumberList};
use crate::trigger::{Hit, Hits, ImageTrigger, Need, Trigger, TriggerInfo};

pub(crate) struct ExposedPorts;

params! {
    pub(crate) struct ExposedPortsParams {
        /// Port numbers; 0 stands for any port.
        #[example = "22,80,443"]
        ports: NumberList,
        /// Whether these ports are the allowed or the denied ones.
        #[name = "type"]
        #[example = "denylist"]
        list: ListType,
        /// Whether only a Dockerfile that the user gave is checked, and not the image configuration.
        #[default = "false"]
        actual_dockerfile_only: bool,
    }
}

impl Trigger for ExposedPorts {
    type Params = ExposedPortsParams;
    const INFO: TriggerInfo =
        TriggerInfo::new("dockerfile", "exposed_ports", "A declared port is denied, or is not allowed.");

    fn needs(params: &ExposedPortsParams) -> Vec<Need> {
        vec![if params.actual_dockerfile_only { Need::ActualDockerfile } else { Need::ConfigOrDockerfile }]
    }
}

/// A declared port.
struct Port {
    /// As the Dockerfile writes it, else without `/tcp`, which is how people write it.
    token: String,
    number: u32,
    /// Last number of a range.
    last: u32,
    line: Line,
}

impl ImageTrigger for ExposedPorts {
    fn fire(params: &ExposedPortsParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let ports = ports(scene, params.actual_dockerfile_only, hits);
        let any = params.ports.0.contains(&0);
        if any && !ports.is_empty() {
            let tokens = python_list(ports.iter().map(|port| port.token.as_str()));
            let list = if params.list == ListType::Deny { "DENIEDPORTS" } else { "ALLOWEDPORTS" };
            let frozen = format!("Dockerfile exposes network ports but policy sets {list}=0: {tokens}");
            let shown = ports.iter().map(|port| port.token.as_str()).collect::<Vec<_>>().join(", ");
            let message = format!("the image declares ports, and none may be: {shown}");
            let mut hit = Hit::frozen(&Self::INFO, &frozen, message).about("EXPOSE").because("no port", shown);
            hit.evidence.extend(ports.iter().map(|port| port.line.evidence("EXPOSE")));
            return hits.push(hit);
        }
        for port in &ports {
            let listed = params.ports.0.iter().any(|number| (port.number..=port.last).contains(number));
            let all = (port.number..=port.last).all(|number| params.ports.0.contains(&number));
            match params.list {
                ListType::Deny if listed => hits.push(hit(port, "is in policy file DENIEDPORTS list", "is denied"))?,
                ListType::Allow if !all => {
                    hits.push(hit(port, "is not in policy file ALLOWEDPORTS list", "is not allowed"))?;
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn hit(port: &Port, frozen: &str, shown: &str) -> Hit {
    let text = |token: &str| format!("Dockerfile exposes port ({token}) which {frozen}");
    let hit = Hit::frozen(
        &ExposedPorts::INFO,
        &text(&port.token),
        format!("the image declares port {}, which {shown}", port.token),
    )
    .about(format!("EXPOSE {}", port.token))
    .evidence(port.line.evidence("EXPOSE"))
    .because(format!("port {shown}"), port.token.clone());
    // Which of the two forms an engine saw depends on the Dockerfile that it was given.
    let other = match port.token.strip_suffix("/tcp") {
        Some(bare) => bare.to_owned(),
        None if port.token.contains('/') => return remedied(hit, port),
        None => format!("{}/tcp", port.token),
    };
    remedied(hit.legacy(&ExposedPorts::INFO, &text(&other)), port)
}

fn remedied(hit: Hit, port: &Port) -> Hit {
    match port.line.number() {
        Some(line) => hit.remedy(Remediation::Dockerfile {
            line: Some(line),
            instruction: format!("leave out port {} of `EXPOSE {}`", port.token, port.line.text),
        }),
        None => hit,
    }
}

fn ports(scene: &Scene<'_>, only_file: bool, hits: &mut Hits) -> Vec<Port> {
    let written: Vec<(String, Line)> = lines::in_file(scene, "EXPOSE")
        .into_iter()
        .flat_map(|line| tokens(&line.text).into_iter().map(move |token| (token, line.clone())))
        .collect();
    let mut ports = Vec::new();
    match &scene.artifact().config {
        Some(config) if !only_file => {
            for declared in &config.exposed_ports {
                let bare = declared.strip_suffix("/tcp").unwrap_or(declared);
                let found = written.iter().find(|(token, _)| token == declared || token == bare);
                let (token, line) =
                    found.cloned().unwrap_or_else(|| (bare.to_owned(), Line { text: declared.clone(), place: None }));
                ports.extend(port(token, line, hits));
            }
        }
        _ => {
            for (token, line) in written {
                ports.extend(port(token, line, hits));
            }
        }
    }
    ports
}

/// The ports of a line. A history that Docker made may show them as `map[80/tcp:{}]`.
fn tokens(text: &str) -> Vec<String> {
    let inner = text.strip_prefix("map[").and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    inner
        .split_whitespace()
        .map(|token| token.trim_end_matches(":{}").trim_matches(['[', ']', '"', ',']).to_owned())
        .filter(|token| !token.is_empty())
        .collect()
}

fn port(token: String, line: Line, hits: &mut Hits) -> Option<Port> {
    let number = token.split('/').next().unwrap_or("");
    let (first, last) = number.split_once('-').unwrap_or((number, number));
    match (first.parse(), last.parse()) {
        (Ok(first), Ok(last)) if first <= last && last <= 65535 => Some(Port { number: first, last, token, line }),
        _ => {
            hits.note(format!("the port `{token}` could not be read: expected a number or a range"));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use stopgate_model::DockerfileMode;

    use crate::tests::{Case, check, ids, image};

    fn case() -> Case {
        image().config(|config| config.exposed_ports = vec!["22/tcp".to_owned(), "53/udp".to_owned()])
    }

    fn ports(rest: &str) -> Vec<String> {
        check(&case(), &format!("stop dockerfile.exposed_ports {rest}"))
    }

    #[test]
    fn fires() {
        let deny = "stop dockerfile.exposed_ports ports=22; type=denylist";
        assert_eq!(ids(&case(), deny), ["cc05c35507995b4a657b63f9b0baa281"]);
        assert_eq!(
            ports("ports=22; type=allowlist"),
            ["stop the image declares port 53/udp, which is not allowed", "stop"]
        );
        assert_eq!(
            ports("ports=0; type=denylist"),
            ["stop the image declares ports, and none may be: 22, 53/udp", "stop"]
        );
    }

    #[test]
    fn does_not_fire() {
        assert_eq!(ports("ports=22,53; type=whitelist"), ["pass"]);
        assert_eq!(ports("ports=80; type=denylist"), ["pass"]);
        assert_eq!(check(&image(), "stop dockerfile.exposed_ports ports=0; type=denylist"), ["pass"]);
    }

    #[test]
    fn boundary() {
        let range = image().with(|artifact| artifact.config = None);
        let range = range.dockerfile(DockerfileMode::Actual, &["FROM x", "EXPOSE 8000-8010 nonsense"]);
        let deny = |port: u32| check(&range, &format!("stop dockerfile.exposed_ports ports={port}; type=denylist"));
        let unread = "! rule `r1`: the port `nonsense` could not be read: expected a number or a range";
        let found = ["stop the image declares port 8000-8010, which is denied", unread, "stop"];
        assert_eq!((deny(8000), deny(8010)), (found.map(str::to_owned).to_vec(), found.map(str::to_owned).to_vec()));
        assert_eq!((deny(7999), deny(8011)), (vec![unread.to_owned(), "pass".to_owned()], deny(1)));
    }

    #[test]
    fn data_missing() {
        let none = image().with(|artifact| artifact.config = None);
        assert_eq!(check(&none, "stop dockerfile.exposed_ports ports=22; type=denylist")[1], "undecided");
        let given = ports("ports=22; type=denylist; actual_dockerfile_only=true");
        assert_eq!(given[1], "undecided", "no Dockerfile was given");
    }
}
