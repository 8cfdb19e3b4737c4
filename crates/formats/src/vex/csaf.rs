//! CSAF 2.0 and 2.1, the VEX profile: one statement per vulnerability, status and product.
//!
//! A product is named by the package URL and the hashes of its helper, else by its CPE or name, which no artifact
//! has. A relationship (package P as a component of platform Q) is package P in product Q, unless it has a helper
//! of its own. `recommended` says nothing about the version at hand and is left out.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;

use serde::Deserialize;
use serde::de::IgnoredAny;
use stopgate_model::{VexJustification, VexStatement, VexStatus};

use super::{Statements, hash};
use crate::FormatError;
use crate::strict::{Elements, Strict};

const CSAF: Strict = Strict { format: "CSAF" };
/// Longest chain of relationships.
const CHAIN: usize = 8;
/// Longest product id, bytes.
const ID: usize = 4096;
/// Most products that the groups of all remarks stand for.
const GROUPED: usize = 1_000_000;

#[derive(Deserialize)]
struct Advisory<'a> {
    #[serde(borrow)]
    document: Meta<'a>,
    #[serde(borrow)]
    product_tree: Option<Tree<'a>>,
    #[serde(borrow)]
    vulnerabilities: Option<Elements<'a>>,
}

#[derive(Deserialize)]
struct Meta<'a> {
    csaf_version: Cow<'a, str>,
    tracking: Tracking,
}

#[derive(Deserialize)]
struct Tracking {
    current_release_date: String,
}

#[derive(Deserialize)]
struct Tree<'a> {
    branches: Option<Vec<Branch>>,
    #[serde(borrow)]
    full_product_names: Option<Elements<'a>>,
    #[serde(borrow)]
    product_groups: Option<Elements<'a>>,
    #[serde(borrow)]
    relationships: Option<Elements<'a>>,
}

// `category` and `name` are what the format requires: without them, millions of empty branches would cost no text.
#[derive(Deserialize)]
struct Branch {
    #[serde(rename = "category")]
    _category: IgnoredAny,
    #[serde(rename = "name")]
    _name: IgnoredAny,
    branches: Option<Vec<Branch>>,
    product: Option<Box<FullName>>,
}

#[derive(Deserialize)]
struct FullName {
    product_id: String,
    name: Option<String>,
    product_identification_helper: Option<Helper>,
}

#[derive(Deserialize)]
struct Helper {
    purl: Option<String>,
    purls: Option<Vec<String>>,
    cpe: Option<String>,
    hashes: Option<Vec<Hashes>>,
}

#[derive(Deserialize)]
struct Hashes {
    file_hashes: Vec<FileHash>,
}

#[derive(Deserialize)]
struct FileHash {
    algorithm: String,
    value: String,
}

#[derive(Deserialize)]
struct Group<'a> {
    group_id: String,
    #[serde(borrow)]
    product_ids: Option<Elements<'a>>,
}

#[derive(Deserialize)]
struct Relationship {
    full_product_name: FullName,
    product_reference: String,
    relates_to_product_reference: String,
}

#[derive(Deserialize)]
struct Vulnerability<'a> {
    cve: Option<String>,
    #[serde(borrow)]
    ids: Option<Elements<'a>>,
    #[serde(borrow)]
    product_status: Option<ProductStatus<'a>>,
    #[serde(borrow)]
    flags: Option<Elements<'a>>,
    #[serde(borrow)]
    threats: Option<Elements<'a>>,
    #[serde(borrow)]
    remediations: Option<Elements<'a>>,
}

#[derive(Deserialize)]
struct Id {
    text: String,
}

#[derive(Deserialize)]
struct ProductStatus<'a> {
    #[serde(borrow)]
    fixed: Option<Elements<'a>>,
    #[serde(borrow)]
    first_fixed: Option<Elements<'a>>,
    #[serde(borrow)]
    known_not_affected: Option<Elements<'a>>,
    #[serde(borrow)]
    known_affected: Option<Elements<'a>>,
    #[serde(borrow)]
    first_affected: Option<Elements<'a>>,
    #[serde(borrow)]
    last_affected: Option<Elements<'a>>,
    #[serde(borrow)]
    under_investigation: Option<Elements<'a>>,
}

/// A flag, threat or remediation: what is said of some products.
#[derive(Deserialize)]
struct Remark<'a> {
    label: Option<Cow<'a, str>>,
    category: Option<Cow<'a, str>>,
    details: Option<Cow<'a, str>>,
    #[serde(borrow)]
    product_ids: Option<Elements<'a>>,
    #[serde(borrow)]
    group_ids: Option<Elements<'a>>,
}

/// What a product id stands for.
enum Known {
    /// Names by which an artifact or package can be told, best first; at least one.
    Names(Vec<String>),
    /// A component in a product, by their ids.
    Part { component: String, product: String },
}

#[derive(Default)]
struct Products<'a> {
    known: HashMap<String, Known>,
    groups: HashMap<String, Vec<Cow<'a, str>>>,
    /// How many products groups stood for so far.
    grouped: Cell<usize>,
}

pub(super) fn read(text: &str, document: &str) -> Result<Vec<VexStatement>, FormatError> {
    let raw: Advisory<'_> = CSAF.document(text)?;
    if !matches!(&*raw.document.csaf_version, "2.0" | "2.1") {
        return Err(FormatError::version(CSAF.format, &raw.document.csaf_version, "2.0 or 2.1"));
    }
    let time = CSAF.time("current_release_date", Some(raw.document.tracking.current_release_date))?;
    let products = products(raw.product_tree)?;
    let base = VexStatement {
        vulnerability: String::new(),
        aliases: Vec::new(),
        products: Vec::new(),
        subcomponents: Vec::new(),
        status: VexStatus::UnderInvestigation,
        justification: None,
        statement: String::new(),
        document: document.to_owned(),
        timestamp: time.unwrap_or_default(),
    };
    let mut statements = Statements::new(CSAF);
    CSAF.objects(("vulnerability", "vulnerabilities"), raw.vulnerabilities, |raw: Vulnerability<'_>| {
        add(&mut statements, raw, &products, &base)
    })?;
    Ok(statements.list)
}

fn products(tree: Option<Tree<'_>>) -> Result<Products<'_>, FormatError> {
    let mut products = Products::default();
    let Some(tree) = tree else { return Ok(products) };
    products.branches(tree.branches.unwrap_or_default())?;
    CSAF.objects(("full product name", "full product names"), tree.full_product_names, |product| {
        products.product(product)
    })?;
    CSAF.objects(("relationship", "relationships"), tree.relationships, |relation| products.relation(relation))?;
    CSAF.objects(("product group", "product groups"), tree.product_groups, |group: Group<'_>| {
        let members = CSAF.texts("product ids", group.product_ids)?;
        members.iter().try_for_each(|id| short(id))?;
        products.groups.insert(group.group_id, members);
        Ok(())
    })?;
    Ok(products)
}

impl Products<'_> {
    fn branches(&mut self, branches: Vec<Branch>) -> Result<(), FormatError> {
        for branch in branches {
            if let Some(product) = branch.product {
                self.product(*product)?;
            }
            self.branches(branch.branches.unwrap_or_default())?;
        }
        Ok(())
    }

    fn product(&mut self, product: FullName) -> Result<(), FormatError> {
        let mut names = exact_names(product.product_identification_helper.as_ref());
        if names.is_empty() {
            let cpe = product.product_identification_helper.and_then(|helper| helper.cpe);
            names.extend(cpe.or(product.name).filter(|name| !name.is_empty()));
        }
        if names.is_empty() {
            names.push(product.product_id.clone());
        }
        self.insert(product.product_id, Known::Names(names))
    }

    fn relation(&mut self, relation: Relationship) -> Result<(), FormatError> {
        let whole = relation.full_product_name;
        let names = exact_names(whole.product_identification_helper.as_ref());
        let known = if names.is_empty() {
            let (component, product) = (relation.product_reference, relation.relates_to_product_reference);
            short(&component)?;
            short(&product)?;
            Known::Part { component, product }
        } else {
            Known::Names(names)
        };
        self.insert(whole.product_id, known)
    }

    fn insert(&mut self, id: String, known: Known) -> Result<(), FormatError> {
        short(&id)?;
        self.known.insert(id, known);
        Ok(())
    }

    /// Names of the product, and of the component in it that the id is about.
    fn names(&self, id: &str) -> Result<(&[String], &[String]), FormatError> {
        match self.get(id)? {
            Known::Names(names) => Ok((names, &[])),
            Known::Part { component, product } => {
                Ok((self.end(product, |_, product| product)?, self.end(component, |component, _| component)?))
            }
        }
    }

    /// Follows a chain of relationships, of each its component or its product, to the names at its end.
    fn end<'p>(&'p self, id: &'p str, next: fn(&'p str, &'p str) -> &'p str) -> Result<&'p [String], FormatError> {
        let mut at = id;
        for _ in 0..CHAIN {
            match self.get(at)? {
                Known::Names(names) => return Ok(names),
                Known::Part { component, product } => at = next(component, product),
            }
        }
        Err(CSAF.invalid(format!("the relationships of product `{}` do not end", shown(id))))
    }

    fn get(&self, id: &str) -> Result<&Known, FormatError> {
        let missing = || CSAF.invalid(format!("the product `{}` is not in the product tree", shown(id)));
        self.known.get(id).ok_or_else(missing)
    }
}

/// Ids are looked up again and again.
fn short(id: &str) -> Result<(), FormatError> {
    if id.len() > ID {
        return Err(CSAF.invalid(format!("the product id `{}`… is longer than {ID} bytes", shown(id))));
    }
    Ok(())
}

fn shown(text: &str) -> String {
    text.chars().take(100).collect()
}

fn exact_names(helper: Option<&Helper>) -> Vec<String> {
    let Some(helper) = helper else { return Vec::new() };
    let purls = helper.purl.iter().chain(helper.purls.iter().flatten()).filter(|purl| !purl.is_empty()).cloned();
    let hashes = helper.hashes.iter().flatten().flat_map(|hashes| &hashes.file_hashes);
    purls.chain(hashes.map(|one| hash(&one.algorithm, &one.value))).collect()
}

/// What flags, threats and remediations say of products.
#[derive(Default)]
struct Remarks<'a> {
    justification: HashMap<Cow<'a, str>, VexJustification>,
    impact: HashMap<Cow<'a, str>, Rc<str>>,
    action: HashMap<Cow<'a, str>, Rc<str>>,
}

fn add<'a>(
    statements: &mut Statements,
    raw: Vulnerability<'a>,
    products: &Products<'a>,
    base: &VexStatement,
) -> Result<(), FormatError> {
    let Some(status) = raw.product_status else { return Ok(()) };
    let mut ids = CSAF.objects(("id", "ids"), raw.ids, |id: Id| Ok(id.text))?;
    ids.retain(|id| !id.is_empty() && Some(id) != raw.cve.as_ref());
    let mut ids = raw.cve.into_iter().chain(ids);
    let Some(vulnerability) = ids.next() else {
        return Err(CSAF.invalid("a vulnerability with a product status has neither `cve` nor `ids`"));
    };
    let base = VexStatement { vulnerability, aliases: ids.collect(), ..base.clone() };
    let mut remarks = Remarks::default();
    remarks.flags(raw.flags, products)?;
    remarks.impact = texts(raw.threats, "threat", products, |category| category == "impact")?;
    remarks.action = texts(raw.remediations, "remediation", products, |_| true)?;
    let lists = [
        (VexStatus::Fixed, status.fixed),
        (VexStatus::Fixed, status.first_fixed),
        (VexStatus::NotAffected, status.known_not_affected),
        (VexStatus::Affected, status.known_affected),
        (VexStatus::Affected, status.first_affected),
        (VexStatus::Affected, status.last_affected),
        (VexStatus::UnderInvestigation, status.under_investigation),
    ];
    for (status, list) in lists {
        for id in CSAF.texts("products", list)? {
            let (names, parts) = products.names(&id)?;
            let texts = if status == VexStatus::NotAffected { &remarks.impact } else { &remarks.action };
            let (names, parts) = (statements.copies(names)?, statements.copies(parts)?);
            statements.push(VexStatement {
                products: names,
                subcomponents: parts,
                status,
                justification: remarks.justification.get(&id).copied().filter(|_| status == VexStatus::NotAffected),
                statement: texts.get(&id).map(ToString::to_string).unwrap_or_default(),
                ..base.clone()
            })?;
        }
    }
    Ok(())
}

impl<'a> Remarks<'a> {
    fn flags(&mut self, list: Option<Elements<'a>>, products: &Products<'a>) -> Result<(), FormatError> {
        CSAF.objects(("flag", "flags"), list, |raw: Remark<'a>| {
            let label = raw.label.clone().unwrap_or_default();
            let justification = VexJustification::parse(&label)
                .ok_or_else(|| CSAF.invalid(format!("the label `{}` of a flag is unknown", shown(&label))))?;
            let ids = subjects(raw, products)?;
            self.justification.extend(ids.into_iter().map(|id| (id, justification)));
            Ok(())
        })?;
        Ok(())
    }
}

/// The details of remarks by product; the first of each counts.
fn texts<'a>(
    list: Option<Elements<'a>>,
    one: &str,
    products: &Products<'a>,
    counts: impl Fn(&str) -> bool,
) -> Result<HashMap<Cow<'a, str>, Rc<str>>, FormatError> {
    let mut texts = HashMap::new();
    CSAF.objects((one, "remarks"), list, |raw: Remark<'a>| {
        if !raw.category.as_deref().is_some_and(&counts) {
            return Ok(());
        }
        let details: Rc<str> = raw.details.as_deref().unwrap_or_default().into();
        for id in subjects(raw, products)? {
            texts.entry(id).or_insert_with(|| Rc::clone(&details));
        }
        Ok(())
    })?;
    Ok(texts)
}

/// The products that a remark is about.
fn subjects<'a>(raw: Remark<'a>, products: &Products<'a>) -> Result<Vec<Cow<'a, str>>, FormatError> {
    let mut ids = CSAF.texts("product ids", raw.product_ids)?;
    for group in CSAF.texts("group ids", raw.group_ids)? {
        let members = products.groups.get(&*group).map(Vec::as_slice).unwrap_or_default();
        products.grouped.set(products.grouped.get() + members.len());
        if products.grouped.get() > GROUPED {
            return Err(CSAF.invalid(format!("its product groups stand for more than {GROUPED} products")));
        }
        ids.extend_from_slice(members);
    }
    Ok(ids)
}
