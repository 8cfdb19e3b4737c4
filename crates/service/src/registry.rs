//! Registries that an account may read, and how an image of one is opened.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use secrecy::{ExposeSecret as _, SecretString};
use stopgate_model::ImageReference;
use stopgate_source::{Credentials, Image, Opened, Platform, Scheme, SourceError, SourceOptions, SourceSpec};
use stopgate_store::registry::{self, RegistryRow};
use stopgate_store::{AccountId, StoreError};

use crate::error::with_causes;
use crate::{Caller, Service, ServiceError, clock, vault};

/// What is written of a registry.
#[derive(Debug, Clone)]
pub struct NewRegistry {
    /// `host[:port][/path]`, a `*` at its end for any.
    pub pattern: String,
    /// Its name for people.
    pub name: String,
    /// `docker_v2` or `awsecr`.
    pub kind: String,
    /// Who logs in; nobody when it is empty.
    pub username: String,
    /// Their password; `None` leaves the one that is known.
    pub password: Option<SecretString>,
    /// Whether its certificate is checked.
    pub verify: bool,
}

impl Service {
    /// All registries of the account.
    pub async fn registries(&self, caller: &Caller) -> Result<Vec<RegistryRow>, ServiceError> {
        Ok(registry::list(self.store().read(), caller.account_id()).await?)
    }

    /// The registry with this pattern.
    pub async fn registry(&self, caller: &Caller, pattern: &str) -> Result<RegistryRow, ServiceError> {
        registry::find(self.store().read(), caller.account_id(), pattern).await?.ok_or_else(|| unknown(pattern))
    }

    /// Adds a registry; with `validate`, its credentials are tried first.
    pub async fn add_registry(
        &self,
        caller: &Caller,
        new: &NewRegistry,
        validate: bool,
    ) -> Result<RegistryRow, ServiceError> {
        check(new)?;
        if validate {
            self.try_registry(caller, new).await?;
        }
        let now = clock::now();
        let tx = self.store().begin().await?;
        match registry::create(tx.db(), caller.account_id(), &row(new, now)).await {
            // Harbor's adapter looks for exactly these words.
            Err(StoreError::Duplicate) => return Err(ServiceError::conflict("registry already exists in DB")),
            done => done?,
        }
        self.keep_password(tx.db(), caller, new).await?;
        tx.commit().await?;
        self.registry(caller, &new.pattern).await
    }

    /// Changes a registry.
    pub async fn update_registry(
        &self,
        caller: &Caller,
        new: &NewRegistry,
        validate: bool,
    ) -> Result<RegistryRow, ServiceError> {
        check(new)?;
        self.registry(caller, &new.pattern).await?;
        if validate {
            self.try_registry(caller, new).await?;
        }
        let tx = self.store().begin().await?;
        registry::update(tx.db(), caller.account_id(), &row(new, clock::now())).await?;
        self.keep_password(tx.db(), caller, new).await?;
        tx.commit().await?;
        self.registry(caller, &new.pattern).await
    }

    /// Deletes a registry with its password.
    pub async fn delete_registry(&self, caller: &Caller, pattern: &str) -> Result<(), ServiceError> {
        let tx = self.store().begin().await?;
        if !registry::delete(tx.db(), caller.account_id(), pattern).await? {
            return Err(unknown(pattern));
        }
        stopgate_store::secret::delete(tx.db(), caller.account_id(), "registry", pattern).await?;
        Ok(tx.commit().await?)
    }

    async fn keep_password(
        &self,
        db: stopgate_store::Db<'_>,
        caller: &Caller,
        new: &NewRegistry,
    ) -> Result<(), ServiceError> {
        let Some(password) = &new.password else { return Ok(()) };
        self.vault().put(db, &vault::of_registry(caller.account_id(), &new.pattern), password).await
    }

    /// Logs in to a registry: whether it answers, and takes the credentials.
    async fn try_registry(&self, caller: &Caller, new: &NewRegistry) -> Result<(), ServiceError> {
        let host = new.pattern.split('/').next().unwrap_or_default().to_owned();
        self.may_reach(&host, caller.is_admin()).await?;
        let base = format!("{}://{host}/v2/", if loopback_host(&host) { "http" } else { "https" });
        let client = stopgate_source::http_client(self.options().ca_file.as_deref(), !new.verify);
        let client = client.map_err(|error| ServiceError::invalid(error.to_string()))?;
        let mut request = client.get(&base);
        if let Some(password) = new.password.as_ref().filter(|_| !new.username.is_empty()) {
            request = request.basic_auth(&new.username, Some(password.expose_secret()));
        }
        let answer = request.send().await.map_err(|_| {
            ServiceError::invalid(format!("the registry `{host}` does not answer")).codes(&["REGISTRY_NOT_ACCESSIBLE"])
        })?;
        let by_token = answer
            .headers()
            .get("www-authenticate")
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.to_ascii_lowercase().starts_with("bearer"));
        match answer.status().as_u16() {
            200 => Ok(()),
            // With tokens, what a user may do is told when something is asked for.
            401 if by_token => Ok(()),
            401 | 403 => Err(ServiceError::invalid(format!("the registry `{host}` refuses the credentials"))
                .codes(&["REGISTRY_PERMISSION_DENIED"])),
            status => Err(ServiceError::invalid(format!("the registry `{host}` answers {status} to a login"))
                .codes(&["REGISTRY_NOT_SUPPORTED"])),
        }
    }

    /// How an account opens images of a repository: with the credentials of the longest pattern that fits.
    pub(crate) async fn source_options(
        &self,
        account: AccountId,
        admin: bool,
        reference: &ImageReference,
        platform: Option<Platform>,
    ) -> Result<SourceOptions, ServiceError> {
        self.may_reach(&reference.registry, admin).await?;
        let name = format!("{}/{}", reference.registry, reference.repository);
        let rows = registry::list(self.store().read(), account).await?;
        let best = rows.into_iter().filter(|row| fits(&row.pattern, &name)).max_by_key(|row| row.pattern.len());
        let mut options =
            SourceOptions { platform, ca_file: self.options().ca_file.clone(), ..SourceOptions::default() };
        if let Some(row) = best {
            options.insecure_skip_tls_verify = !row.verify;
            let password = self.vault().get(self.store().read(), &vault::of_registry(account, &row.pattern)).await?;
            if let Some(password) = password.filter(|_| !row.username.is_empty()) {
                options.credentials = Some(Credentials::Basic { username: row.username, password });
            }
        }
        Ok(options)
    }

    /// Refuses hosts that a server must not be sent to: its own machine, and networks behind it that nobody allowed.
    pub(crate) async fn may_reach(&self, host: &str, admin: bool) -> Result<(), ServiceError> {
        let denied = |why: &str| {
            Err(ServiceError::invalid(format!("`{host}` may not be reached from this server: it is {why}"))
                .codes(&["REGISTRY_NOT_ACCESSIBLE"]))
        };
        let bare = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()));
        let (name, port) = bare.map_or((host, 443), |(name, port)| (name, port.parse().unwrap_or(443)));
        let name = name.trim_start_matches('[').trim_end_matches(']');
        let Ok(addresses) = tokio::net::lookup_host((name, port)).await else { return Ok(()) };
        for address in addresses.map(|address| address.ip()) {
            let known = self.options().egress_allow.iter().any(|network| holds(network, address));
            match class(address) {
                Reach::Public => {}
                Reach::Loopback if (self.options().loopback && admin) || known => {}
                Reach::Loopback => return denied("an address of the server's own machine"),
                Reach::Private if known => {}
                Reach::Private => {
                    return denied("a private address; the operator may allow its network with --egress-allow");
                }
                Reach::Never => return denied("an address that no registry has"),
            }
        }
        Ok(())
    }

    /// Opens an image: its manifest and its configuration are read, its layers not yet.
    pub(crate) async fn open_image(
        &self,
        reference: &ImageReference,
        options: SourceOptions,
    ) -> Result<Image, ServiceError> {
        let spec = SourceSpec {
            user_input: reference.to_string(),
            scheme: Some(Scheme::Registry),
            target: reference.to_string(),
        };
        let opened = tokio::task::spawn_blocking(move || stopgate_source::open(&spec, &options)).await;
        match opened.map_err(ServiceError::internal)? {
            Ok(Opened::Image(image)) => Ok(image),
            Ok(_) => Err(ServiceError::internal("a registry gave something that is no image")),
            Err(error) => Err(registry_failure(&error)),
        }
    }
}

/// What a registry's failure is in the API.
pub(crate) fn registry_failure(error: &SourceError) -> ServiceError {
    let text = with_causes(error);
    match error {
        SourceError::NotInRegistry { .. } => ServiceError::not_found(text).codes(&["REGISTRY_IMAGE_NOT_FOUND"]),
        SourceError::Denied { .. } => ServiceError::invalid(text).codes(&["REGISTRY_PERMISSION_DENIED"]),
        SourceError::Platform { .. } => ServiceError::invalid(text).codes(&["OSARCH_MISMATCH"]),
        SourceError::Unreachable { .. }
        | SourceError::Offline { .. }
        | SourceError::Setting { .. }
        | SourceError::Io { .. } => ServiceError::invalid(text).codes(&["REGISTRY_NOT_ACCESSIBLE"]),
        _ => ServiceError::invalid(text).codes(&["REGISTRY_NOT_SUPPORTED"]),
    }
}

fn unknown(pattern: &str) -> ServiceError {
    ServiceError::not_found(format!("there is no registry `{pattern}` in the account"))
}

fn row(new: &NewRegistry, now: jiff::Timestamp) -> RegistryRow {
    RegistryRow {
        pattern: new.pattern.clone(),
        name: new.name.clone(),
        kind: new.kind.clone(),
        username: new.username.clone(),
        verify: new.verify,
        created_at: now,
        updated_at: now,
    }
}

fn check(new: &NewRegistry) -> Result<(), ServiceError> {
    let stars = new.pattern.matches('*').count();
    let good = !new.pattern.is_empty()
        && !new.pattern.contains("://")
        && !new.pattern.chars().any(|c| c.is_whitespace() || c.is_control() || c == '@')
        && (stars == 0 || (stars == 1 && new.pattern.ends_with('*')));
    if !good {
        return Err(ServiceError::invalid(format!(
            "`{}` is no registry: expected `host[:port]`, with a path and a `*` at its end if only a part is meant",
            new.pattern
        )));
    }
    match new.kind.as_str() {
        "docker_v2" => Ok(()),
        "awsecr" => Err(ServiceError::invalid(
            "registries of type `awsecr` need credentials of a cloud, which this server does not ask for: use `docker_v2` \
             with the password of `aws ecr get-login-password`",
        )),
        other => Err(ServiceError::invalid(format!("`{other}` is no type of registry: expected `docker_v2`"))),
    }
}

/// Whether a pattern covers `host/repository`.
fn fits(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern || name.strip_prefix(pattern).is_some_and(|rest| rest.starts_with('/')),
    }
}

fn loopback_host(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    Public,
    Private,
    Loopback,
    Never,
}

/// What an address is to a server that others send somewhere.
pub(crate) fn class(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            if v4.is_loopback() {
                Reach::Loopback
            } else if v4.is_link_local()
                || v4.is_multicast()
                || v4.is_unspecified()
                || v4.is_broadcast()
                || a == 0
                || a >= 240
            {
                Reach::Never
            } else if v4.is_private() || (a == 100 && (64..128).contains(&b)) {
                Reach::Private
            } else {
                Reach::Public
            }
        }
        IpAddr::V6(v6) => match inner_v4(v6) {
            Some(v4) => class(IpAddr::V4(v4)),
            None if v6.is_unspecified() => Reach::Never,
            None if v6.is_loopback() => Reach::Loopback,
            None if v6.is_multicast() || v6.is_unspecified() || v6.is_unicast_link_local() => Reach::Never,
            None if v6.is_unique_local() => Reach::Private,
            None => Reach::Public,
        },
    }
}

/// The old address that a new one stands for: mapped, compatible, translated by NAT64, or tunnelled by 6to4.
fn inner_v4(v6: Ipv6Addr) -> Option<Ipv4Addr> {
    if v6.is_loopback() || v6.is_unspecified() {
        return None;
    }
    let bits = u128::from(v6);
    let at = |shift: u32| Some(Ipv4Addr::from(u32::try_from((bits >> shift) & 0xffff_ffff).unwrap_or_default()));
    match v6.segments() {
        [0, 0, 0, 0, 0, 0 | 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => at(0),
        [0x2002, ..] => at(80),
        _ => None,
    }
}

/// Whether `address/bits` holds an address.
pub(crate) fn holds(network: &str, address: IpAddr) -> bool {
    let (base, bits) = network.split_once('/').unwrap_or((network, ""));
    let Ok(base) = base.parse::<IpAddr>() else { return false };
    let wide = |address: IpAddr| match address {
        IpAddr::V4(v4) => (u128::from(u32::from(v4)) << 96, 32),
        IpAddr::V6(v6) => (u128::from(v6), 128),
    };
    let ((base, width), (own, own_width)) = (wide(base), wide(address));
    let bits: u32 = bits.parse().unwrap_or(width);
    width == own_width && (bits == 0 || (base ^ own).leading_zeros() >= bits.min(width))
}

#[cfg(test)]
mod tests {
    use super::{Reach, class, fits, holds};

    #[test]
    fn the_longest_pattern_that_fits() {
        for (pattern, name, expected) in [
            ("docker.io", "docker.io/library/nginx", true),
            ("docker.io", "docker.io.evil.org/nginx", false),
            ("reg.example.org:5000/team", "reg.example.org:5000/team/app", true),
            ("reg.example.org:5000/team", "reg.example.org:5000/teammate", false),
            ("reg.example.org/te*", "reg.example.org/team/app", true),
        ] {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn addresses_that_a_server_is_not_sent_to() {
        for (address, expected) in [
            ("93.184.216.34", Reach::Public),
            ("127.0.0.1", Reach::Loopback),
            ("::1", Reach::Loopback),
            ("::ffff:127.0.0.1", Reach::Loopback),
            ("10.1.2.3", Reach::Private),
            ("100.64.0.1", Reach::Private),
            ("fd00::1", Reach::Private),
            ("169.254.169.254", Reach::Never),
            ("fe80::1", Reach::Never),
            ("0.0.0.0", Reach::Never),
            ("224.0.0.1", Reach::Never),
        ] {
            assert_eq!(class(address.parse().unwrap()), expected, "{address}");
        }
    }

    #[test]
    fn networks_that_an_operator_allows() {
        let inside = |network, address: &str| holds(network, address.parse().unwrap());
        assert!(inside("10.0.0.0/8", "10.255.0.1") && !inside("10.0.0.0/8", "11.0.0.1"));
        assert!(inside("192.168.1.5", "192.168.1.5") && !inside("192.168.1.5", "192.168.1.6"));
        assert!(inside("fd00::/8", "fd12::1") && !inside("10.0.0.0/8", "fd12::1"));
    }
}
