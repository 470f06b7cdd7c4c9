//! An operator's own entry name against a name server on this machine.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::rdata::CNAME;
use hickory_resolver::proto::rr::{Name, RData, Record};
use proxymeter::providers::oxylabs::entry;
use tokio::net::UdpSocket;

/// A name server that knows these CNAMEs, has nothing for other names, and fails for what begins with `broken`.
async fn name_server(known: &'static [(&'static str, &'static str)]) -> SocketAddr {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut buffer = [0; 1500];
        loop {
            let (length, peer) = socket.recv_from(&mut buffer).await.unwrap();
            let asked = Message::from_vec(&buffer[..length]).unwrap();
            let name = asked.queries[0].name().clone();
            let mut answer = Message::response(asked.metadata.id, asked.metadata.op_code);
            answer.metadata.recursion_available = true;
            answer.queries = asked.queries.clone();
            let text = name.to_ascii();
            if text.starts_with("broken") {
                answer.metadata.response_code = ResponseCode::ServFail;
            } else if let Some((_, target)) = known.iter().find(|(each, _)| *each == text) {
                let target = Name::from_ascii(target).unwrap();
                answer.answers.push(Record::from_rdata(name, 60, RData::CNAME(CNAME(target))));
            } else {
                answer.metadata.response_code = ResponseCode::NXDomain;
            }
            socket.send_to(&answer.to_vec().unwrap(), peer).await.unwrap();
        }
    });
    address
}

async fn resolver(known: &'static [(&'static str, &'static str)]) -> TokioResolver {
    let address = name_server(known).await;
    let mut connection = ConnectionConfig::udp();
    connection.port = address.port();
    let server = NameServerConfig::new(address.ip(), true, vec![connection]);
    let config = ResolverConfig::from_parts(None, vec![], vec![server]);
    let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
    builder.options_mut().timeout = Duration::from_secs(2);
    builder.options_mut().attempts = 1;
    builder.build().unwrap()
}

#[tokio::test]
async fn an_entry_name_is_valid_when_it_leads_to_the_vendors_node() {
    let resolver = resolver(&[
        ("entry.example.com.", "pr.oxylabs.io."),
        ("far.example.com.", "near.example.com."),
        ("near.example.com.", "PR.oxylabs.io."),
        ("wrong.example.com.", "pr.example.com."),
        ("round.example.com.", "round.example.com."),
    ])
    .await;
    for (name, expected) in [
        ("entry.example.com", true),
        ("far.example.com", true),
        ("wrong.example.com", false),
        ("round.example.com", false),
        ("none.example.com", false),
    ] {
        assert_eq!(entry::is_valid(&resolver, name).await.ok(), Some(expected), "{name}");
    }
    assert!(entry::is_valid(&resolver, "broken.example.com").await.is_err(), "no answer says nothing");
}
