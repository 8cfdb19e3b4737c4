//! Terraform providers. The database calls them all `terraform_provider` and tells them by the platform.

/// Namespace and type in a provider's address, `registry.terraform.io/hashicorp/aws`.
pub(super) fn provider(address: &str) -> Option<(&str, &str)> {
    let (rest, provider) = address.rsplit_once('/')?;
    let (_, namespace) = rest.rsplit_once('/')?;
    Some((namespace, provider))
}
