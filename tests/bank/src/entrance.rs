//! How new connections to the API port are met: by the bank, or by nobody, by silence, by strangers.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::Notify;

use crate::service::{Shared, lock};

/// Why nobody gets in (handshakes that broke off were seen in production; the others are what any network does).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Away {
    /// Nobody listens: the connection is refused.
    Refused,
    /// The connection is taken and closed before the handshake.
    Closed,
    /// The connection is taken, and nothing is ever said on it.
    Silent,
    /// The server shows a certificate of a CA that nobody trusts.
    Stranger,
    /// Every client certificate is refused in the handshake, as one of a CA that is not trusted.
    Unwelcome,
}

impl Away {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Refused, Self::Closed, Self::Silent, Self::Stranger, Self::Unwelcome];
}

/// Connections that wait to be accepted.
const BACKLOG: u32 = 1024;
/// Between two looks, real time.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// Whether anybody listens, and the bell for the one who does.
#[derive(Debug, Default)]
pub(crate) struct Entrance {
    bell: Notify,
    deserted: AtomicBool,
}

impl Entrance {
    /// The listener looks at the switch again.
    pub(crate) fn ring(&self) {
        self.bell.notify_one();
    }

    pub(crate) async fn rung(&self) {
        self.bell.notified().await;
    }
}

/// From now on new connections are met in this way; returns when they are.
pub(crate) async fn meet(world: &Shared, how: Option<Away>) {
    let entrance = {
        let mut world = lock(world);
        world.switches.away = how;
        Arc::clone(&world.entrance)
    };
    entrance.ring();
    while entrance.deserted.load(Ordering::SeqCst) != (how == Some(Away::Refused)) {
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

pub(crate) fn is_deserted(world: &Shared) -> bool {
    lock(world).switches.away == Some(Away::Refused)
}

/// Leaves the port to nobody for as long as the switch says so, and comes back to it. The port stays bound, so that
/// nobody else is given it meanwhile.
pub(crate) async fn desert(world: &Shared, listener: TcpListener) -> io::Result<TcpListener> {
    let port = listener.local_addr()?.port();
    drop(listener);
    let seat = TcpSocket::new_v4()?;
    seat.set_reuseaddr(true)?;
    seat.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
    let entrance = Arc::clone(&lock(world).entrance);
    entrance.deserted.store(true, Ordering::SeqCst);
    while is_deserted(world) {
        entrance.rung().await;
    }
    let listener = seat.listen(BACKLOG)?;
    entrance.deserted.store(false, Ordering::SeqCst);
    Ok(listener)
}
