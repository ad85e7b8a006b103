//! Connections and their limits.

use crate::api;
use crate::desk::Desk;
use crate::guard::{self, Guard};
use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use deepal_engine::Monitor;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::io::Result;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Connections at a time.
const MOST_CONNECTIONS: usize = 256;
/// Requests that wait for the disk or decode pictures at a time.
const MOST_THREADS: usize = 16;
/// How long the head of a request may take, and all of it.
const HEAD: Duration = Duration::from_secs(10);
const WHOLE: Duration = Duration::from_secs(60);
/// How often it is looked whether to stop.
const LOOK: Duration = Duration::from_millis(100);

/// Answers requests until `monitor` stops it.
pub(crate) fn run(
    listener: TcpListener,
    desk: &Arc<Desk>,
    token: String,
    monitor: Monitor<'_>,
    on_ready: &dyn Fn(),
) -> Result<()> {
    let address = listener.local_addr()?;
    let guard = Guard { token, cookie: format!("deepal-{}", address.port()), host: address.ip() };
    let app = api::routes(desk.clone())
        .layer(from_fn(in_time))
        .layer(from_fn_with_state(Arc::new(guard), guard::check));
    listener.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(MOST_THREADS)
        .build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        on_ready();
        let room = Arc::new(Semaphore::new(MOST_CONNECTIONS));
        while !monitor.is_stopped() {
            let Ok(accepted) = timeout(LOOK, listener.accept()).await else { continue };
            // One that is gone already, or too many open files: the others go on.
            let Ok((stream, _)) = accepted else {
                tokio::time::sleep(LOOK).await;
                continue;
            };
            let Ok(permit) = room.clone().try_acquire_owned() else { continue };
            let app = app.clone();
            tokio::spawn(async move {
                drop(stream.set_nodelay(true));
                connection(stream, app).await;
                drop(permit);
            });
        }
        Ok(())
    })
}

/// Answers the requests of a connection; one that breaks off is no error.
async fn connection(stream: tokio::net::TcpStream, app: Router) {
    let service = TowerToHyperService::new(app);
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD);
    drop(http.serve_connection(TokioIo::new(stream), service).await);
}

/// Refuses a request whose body or answer takes too long.
async fn in_time(request: Request, next: Next) -> Response {
    let late = || (StatusCode::REQUEST_TIMEOUT, "the request took too long\n").into_response();
    timeout(WHOLE, next.run(request)).await.unwrap_or_else(|_| late())
}
