//! Addresses that a server is sent to by others: looked up, checked, and connected to as they were checked, so that a
//! name that answers differently the next time gains nothing.

use std::net::{IpAddr, SocketAddr};

use url::{Host, Url};

use crate::registry::{Reach, class, holds};
use crate::{Service, ServiceError};

/// An address that may be reached.
#[derive(Debug)]
pub(crate) struct Checked {
    /// The address as it was given.
    pub(crate) url: Url,
    /// The name in it, and where it was found.
    pub(crate) host: String,
    pub(crate) addresses: Vec<SocketAddr>,
}

impl Service {
    /// Looks an address of an account up and refuses what lies on this machine or in networks that nobody allowed.
    pub(crate) async fn checked_url(&self, text: &str) -> Result<Checked, ServiceError> {
        let invalid = |why: &str| ServiceError::invalid(format!("`url` {why}"));
        let url = Url::parse(text).map_err(|error| invalid(&format!("is no address: {error}")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(invalid("is neither `http://` nor `https://`"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(invalid("holds a user or a password: give them as `username` and `password`"));
        }
        let port = url.port_or_known_default().filter(|port| *port != 0);
        let port = port.ok_or_else(|| invalid("names no port that can be reached"))?;
        let (host, addresses) = match url.host() {
            Some(Host::Ipv4(v4)) => (v4.to_string(), vec![SocketAddr::new(v4.into(), port)]),
            Some(Host::Ipv6(v6)) => (format!("[{v6}]"), vec![SocketAddr::new(v6.into(), port)]),
            Some(Host::Domain(name)) => {
                let found = tokio::net::lookup_host((name, port)).await;
                let found = found.map_err(|_| ServiceError::invalid(format!("the host `{name}` is not known")))?;
                (name.to_owned(), found.collect())
            }
            None => return Err(invalid("names no host")),
        };
        if addresses.is_empty() {
            return Err(ServiceError::invalid(format!("the host `{host}` is not known")));
        }
        for address in &addresses {
            if let Some(why) = refused(&self.options().egress_allow, address.ip()) {
                return Err(ServiceError::invalid(format!(
                    "`{host}` may not be reached from this server: it is {why}; the operator may allow its network with \
                     --egress-allow"
                )));
            }
        }
        Ok(Checked { url, host, addresses })
    }
}

/// Why an address is not reached, if so.
fn refused(allowed: &[String], address: IpAddr) -> Option<&'static str> {
    let reach = class(address);
    if reach != Reach::Never && allowed.iter().any(|network| holds(network, address)) {
        return None;
    }
    match reach {
        Reach::Public => None,
        Reach::Loopback => Some("an address of the server's own machine"),
        Reach::Private => Some("a private address"),
        Reach::Never => Some("an address that nothing outside has"),
    }
}

#[cfg(test)]
mod tests {
    use url::{Host, Url};

    use super::refused;

    /// How addresses of a server's own machine and networks are spelled; each must be seen through.
    const INSIDE: [&str; 34] = [
        "http://127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0x7f.1/",
        "http://0177.0.0.1/",
        "http://017700000001/",
        "http://0/",
        "http://0.0.0.0/",
        "http://127.0.0.1./",
        "http://127.255.255.254/",
        "http://[::1]/",
        "http://[0:0:0:0:0:0:0:1]/",
        "http://[::]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[::127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[64:ff9b::169.254.169.254]/",
        "http://[2002:7f00:1::]/",
        "http://[2002:a9fe:a9fe::1]/",
        "http://[fe80::1]/",
        "http://[fd00::1]/",
        "http://[ff02::1]/",
        "http://169.254.169.254/latest/",
        "http://0xa9fea9fe/",
        "http://2852039166/",
        "http://10.0.0.1/",
        "http://172.16.0.1/",
        "http://192.168.0.1/",
        "http://100.64.0.1/",
        "http://224.0.0.1/",
        "http://255.255.255.255/",
        "http://%31%32%37.0.0.1/",
    ];

    #[test]
    fn every_spelling_of_an_address_inside_is_refused() {
        for text in INSIDE {
            let url = Url::parse(text).unwrap();
            let refused = match url.host().unwrap() {
                Host::Ipv4(v4) => refused(&[], v4.into()),
                Host::Ipv6(v6) => refused(&[], v6.into()),
                Host::Domain(name) => panic!("{text} is the name {name}"),
            };
            assert!(refused.is_some(), "{text}");
        }
    }

    #[test]
    fn what_an_operator_allows_is_reached_and_metadata_never() {
        let allowed = ["127.0.0.0/8".to_owned(), "169.254.0.0/16".to_owned()];
        assert_eq!(refused(&allowed, "127.0.0.1".parse().unwrap()), None);
        assert!(refused(&allowed, "169.254.169.254".parse().unwrap()).is_some());
        assert_eq!(refused(&[], "93.184.216.34".parse().unwrap()), None);
        assert_eq!(refused(&[], "2606:4700::1111".parse().unwrap()), None);
    }
}
