//! Where a receiver may be. Whoever gets an address into the store must not get this machine to ask its own network, the services on it,
//! or whatever tells a machine its credentials.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use thiserror::Error;

use crate::http::Address;

/// Longest address.
const MOST: usize = 2_048;

/// Why nobody is told anything at an address.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PlaceError {
    /// It is none.
    #[error("`--url` is no address that webhooks are sent to\nhint: write `https://host/path`, without a password in it")]
    NotOne,
    /// Anybody on the way could read and change what is sent.
    #[error(
        "`--url` is not `https`\nhint: alerts are about people; `--allow-private` lets plain http through, for a receiver on this network"
    )]
    Plain,
    /// Its name leads nowhere.
    #[error("the host of `--url` is not found: {0}\nhint: check the name")]
    Unknown(String),
    /// It is on this machine or its network, or nowhere on the internet.
    #[error(
        "the host of `--url` is at {0}, which is no address on the internet\nhint: `--allow-private` takes a receiver on this machine or its network"
    )]
    Private(IpAddr),
}

/// What is no address on the internet: the special-purpose registries of IANA, multicast, and where clouds tell machines their secrets.
const SPECIAL_V4: [(Ipv4Addr, u32); 18] = [
    (Ipv4Addr::UNSPECIFIED, 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    // Of carriers; 100.100.100.200 tells secrets.
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    // 168.63.129.16 answers on every machine of one cloud.
    (Ipv4Addr::new(168, 63, 129, 16), 32),
    // Link-local; 169.254.169.254 tells secrets.
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 31, 196, 0), 24),
    (Ipv4Addr::new(192, 52, 193, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(192, 175, 48, 0), 24),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    // Multicast, what is reserved, and broadcast.
    (Ipv4Addr::new(224, 0, 0, 0), 3),
];

/// Of `2000::/3`, which is the internet, what is not: protocols, documentation, and tunnels that hold an address of the other kind.
const SPECIAL_V6: [(Ipv6Addr, u32); 5] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0), 48),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// Whether this is no address on the internet.
fn is_special(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => SPECIAL_V4.iter().any(|(of, bits)| (ip.to_bits() ^ of.to_bits()) >> (32 - bits) == 0),
        // Where only the new kind is spoken, names of the old one lead here.
        IpAddr::V6(ip) if ip.segments()[..6] == [0x64, 0xff9b, 0, 0, 0, 0] => is_special(Ipv4Addr::from_bits(ip.to_bits() as u32).into()),
        IpAddr::V6(ip) => {
            let within = |of: Ipv6Addr, bits: u32| (ip.to_bits() ^ of.to_bits()) >> (128 - bits) == 0;
            !within(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3) || SPECIAL_V6.iter().any(|(of, bits)| within(*of, *bits))
        }
    }
}

/// The address that is written so, if messages may go there at all.
///
/// # Errors
/// [`PlaceError::NotOne`] and [`PlaceError::Plain`].
pub(super) fn address(url: &str, allow_private: bool) -> Result<Address, PlaceError> {
    let address = Some(url).filter(|url| url.len() <= MOST).and_then(Address::anywhere).ok_or(PlaceError::NotOne)?;
    if address.is_plain() && !allow_private { Err(PlaceError::Plain) } else { Ok(address) }
}

/// Where the name of an address leads at this moment. A connection goes to one of these and nowhere else, so that a name that leads
/// elsewhere a moment later is of no use; a single one that may not be refuses all, since no honest name has such company.
///
/// # Errors
/// [`PlaceError::Unknown`] and [`PlaceError::Private`].
pub(super) async fn places(address: &Address, allow_private: bool) -> Result<Vec<SocketAddr>, PlaceError> {
    let places = address.resolve().await.map_err(PlaceError::Unknown)?;
    match places.iter().find(|place| is_special(place.ip())) {
        Some(place) if !allow_private => Err(PlaceError::Private(place.ip())),
        _ => Ok(places),
    }
}

/// Checks that messages may go to an address.
///
/// # Errors
/// [`PlaceError`] when they may not.
pub async fn check(url: &str, allow_private: bool) -> Result<(), PlaceError> {
    places(&address(url, allow_private)?, allow_private).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_on_the_internet_is_special() {
        let special = "0.0.0.0 10.1.2.3 100.64.0.1 100.100.100.200 127.0.0.1 127.255.255.255 168.63.129.16 169.254.169.254 172.16.0.1 \
                       172.31.255.255 192.0.0.192 192.0.2.1 192.168.1.1 198.18.0.1 198.19.255.255 198.51.100.9 203.0.113.9 224.0.0.1 \
                       240.0.0.1 255.255.255.255 :: ::1 ::ffff:127.0.0.1 ::ffff:169.254.169.254 ::127.0.0.1 64:ff9b::10.0.0.1 64:ff9b:1::1 \
                       100::1 fc00::1 fd00:ec2::254 fe80::1 fec0::1 ff02::1 2001::1 2001:db8::1 2002:7f00:1:: 3fff::1";
        for ip in special.split_whitespace() {
            assert!(is_special(ip.parse().unwrap()), "{ip}");
        }
        let ordinary = "1.1.1.1 9.255.255.255 11.0.0.1 100.63.255.255 100.128.0.1 126.0.0.1 128.0.0.1 168.63.129.17 169.253.0.1 172.15.0.1 \
                        172.32.0.1 192.0.1.1 192.167.0.1 198.17.0.1 198.20.0.1 223.255.255.255 ::ffff:1.1.1.1 64:ff9b::1.1.1.1 \
                        2606:4700::1111 2a00:1450:4001::1 2001:4860:4860::8888 2400:cb00::1";
        for ip in ordinary.split_whitespace() {
            assert!(!is_special(ip.parse().unwrap()), "{ip}");
        }
    }

    #[tokio::test]
    async fn only_https_on_the_internet_is_taken_unless_it_is_meant() {
        let https = |rest: &str| ["https", "://", rest].concat();
        let http = |rest: &str| ["http", "://", rest].concat();
        let too_long = https(&format!("1.1.1.1/{}", "x".repeat(MOST)));
        for url in ["", "1.1.1.1", "/hook", "ftp:x", &https(""), &https("me:secret@1.1.1.1/"), &https("1.1.1.1/a b"), &too_long] {
            assert_eq!(check(url, true).await, Err(PlaceError::NotOne), "{url}");
        }
        assert_eq!(check(&http("1.1.1.1/"), false).await, Err(PlaceError::Plain));
        assert_eq!(check(&https("1.1.1.1/hook?of=lapwing"), false).await, Ok(()));
        // However an address is written, it is where it leads that counts.
        for host in ["127.0.0.1", "[::1]", "[::ffff:10.0.0.1]", "169.254.169.254", "localhost"] {
            assert!(matches!(check(&https(host), false).await, Err(PlaceError::Private(_))), "{host}");
            assert_eq!((check(&https(host), true).await, check(&http(host), true).await), (Ok(()), Ok(())), "{host}");
        }
        for host in ["2130706433", "0x7f.1", "0177.0.0.1", "127.1"] {
            let refused = check(&https(host), false).await.unwrap_err();
            assert!(!matches!(refused, PlaceError::Plain), "{host}: {refused}");
        }
        // Longer than a name may be, so that nobody is asked for it.
        assert!(matches!(check(&https(&"x".repeat(64)), false).await, Err(PlaceError::Unknown(_))));
    }
}
