//! Pages, asked for over loopback by one client on one connection.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt as _, Empty};
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use store::randomness::SystemRandomness;

use crate::measure::Spread;
use crate::world::World;

/// Pages asked for before the clock is looked at.
const WARM_UP: usize = 20;

/// The pages of a world, served, and somebody signed in.
pub(crate) struct Served {
    client: Client<HttpConnector, Empty<Bytes>>,
    base: String,
    cookie: String,
}

impl Served {
    pub(crate) async fn start(world: &World) -> Self {
        let settings = web::Settings {
            https: false,
            trusts_proxy: false,
            requests_per_minute_max: None,
            upload_bytes_max: 1 << 20,
            ledger_keys: None,
            provider: None,
            demo: None,
        };
        let randomness = Arc::new(SystemRandomness);
        let house =
            web::House::new(world.store.clone(), world.people.clone(), randomness, settings);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let pages = web::router(house).into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, pages).await.unwrap() });
        let session = world.people.sign_in_demo(world.reader(), "127.0.0.1", "bench").await;
        let cookie = format!("{}={}", web::session::SESSION_COOKIE, session.unwrap().token);
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { client, base, cookie }
    }

    /// Asks for every address once, one after another; the sizes of the answers are added to
    /// `sizes_bytes`.
    pub(crate) async fn time(&self, addresses: &[String], sizes_bytes: &mut Vec<usize>) -> Spread {
        for address in addresses.iter().take(WARM_UP) {
            self.get(address).await;
        }
        let mut times: Vec<Duration> = Vec::with_capacity(addresses.len());
        for address in addresses {
            let began = Instant::now();
            let size = self.get(address).await;
            times.push(began.elapsed());
            sizes_bytes.push(size);
        }
        Spread::of(times)
    }

    async fn get(&self, address: &str) -> usize {
        let request = Request::get(format!("{}{address}", self.base))
            .header("cookie", &self.cookie)
            .body(Empty::new())
            .unwrap();
        let answer = self.client.request(request).await.unwrap();
        let status = answer.status();
        assert!(status.is_success(), "{address}: {status}");
        answer.into_body().collect().await.unwrap().to_bytes().len()
    }
}
