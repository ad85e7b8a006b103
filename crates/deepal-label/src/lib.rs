//! The labelling page of `deepal`: a small web server on a [`Project`], for one person at this machine.
//!
//! [`serve`] asks the questions of a project on a page and records each answer before it confirms it. A thread beside it trains and chooses
//! the next questions, so an answer never waits. The page is HTML, CSS and JavaScript without a framework, embedded in the binary;
//! `docs/label-api.md` describes the JSON that it speaks.
//!
//! | file | what it does |
//! | --- | --- |
//! | `desk` | answers, undo, the batch in hand and what is held ready to follow it |
//! | `worker` | the thread that trains and chooses |
//! | `items`, `look`, `media` | samples as JSON, search and look-alikes, pictures encoded anew |
//! | `api` | the routes |
//! | `guard` | who may ask: token, cookie, host, origin |
//! | `server` | connections and time limits |

mod api;
mod desk;
mod guard;
mod items;
mod look;
mod media;
mod refusal;
mod server;
mod status;
mod token;
mod worker;

use deepal_engine::{Error, Monitor, News, Result};
use deepal_project::Project;
use desk::Desk;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;

/// The port where nothing else is said.
pub const PORT: u16 = 8321;
/// How many ports are tried after [`PORT`] if others use it.
const MORE_PORTS: u16 = 20;

/// How a project is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Serve {
    /// The address to listen at. Anything but loopback lets other machines ask.
    pub host: IpAddr,
    /// The port; 0 lets the system choose [default: [`PORT`], or the next that is free].
    pub port: Option<u16>,
    /// Who answers, as it is recorded.
    pub annotator: String,
}

impl Default for Serve {
    /// Loopback, the usual port, an annotator called "me".
    fn default() -> Self {
        Self { host: Ipv4Addr::LOCALHOST.into(), port: None, annotator: "me".into() }
    }
}

/// Serves a project until `monitor` stops it. `on_ready` gets the address to open, with the token, once it can be opened.
///
/// # Errors
/// A port that is taken, an address that this machine does not have, or a project folder that cannot be written.
pub fn serve(project: Project, options: &Serve, on_ready: &dyn Fn(&str), monitor: Monitor<'_>) -> Result<()> {
    let token = token::of(project.folder())?;
    let listener = bind(options)?;
    let address = listener.local_addr().map_err(|cause| cannot_listen(options, &cause))?;
    if !address.ip().is_loopback() {
        (monitor.hear)(News::Warning(
            "other machines can reach this page; whoever has its address with the token can see the data and answer, and nothing is \
             encrypted on the way",
        ));
    }
    let desk = Arc::new(Desk::new(project, options.annotator.clone()));
    let url = format!("http://{address}/?token={token}");
    let served = std::thread::scope(|scope| {
        scope.spawn(|| worker::work(&desk, monitor));
        let served = server::run(listener, &desk, token, monitor, &|| on_ready(&url));
        desk.close();
        served
    });
    served.map_err(|cause| cannot_listen(options, &cause))
}

fn bind(options: &Serve) -> Result<TcpListener> {
    let at = |port| TcpListener::bind(SocketAddr::new(options.host, port));
    let bound = match options.port {
        Some(port) => at(port),
        None => {
            let free = (PORT..=PORT + MORE_PORTS).map(at).find(Result::is_ok);
            free.unwrap_or_else(|| at(PORT))
        }
    };
    bound.map_err(|cause| cannot_listen(options, &cause))
}

fn cannot_listen(options: &Serve, cause: &std::io::Error) -> Error {
    let port = options.port.unwrap_or(PORT);
    let remedy = match cause.kind() {
        std::io::ErrorKind::AddrInUse => {
            "another program, perhaps an earlier `deepal label`, uses this port; stop it, or name another port"
        }
        std::io::ErrorKind::PermissionDenied => "name a port above 1023",
        _ => "name an address of this machine and a port that is free",
    };
    Error::Setting(format!("cannot listen at {} port {port}: {cause}; {remedy}", options.host))
}
