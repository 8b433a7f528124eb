//! A TCP proxy that cuts connections.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// A proxy to a port of this machine. It ends with the process that made it.
#[derive(Clone, Debug)]
pub struct Proxy {
    address: SocketAddr,
    open: Arc<Mutex<Vec<TcpStream>>>,
    refuses: Arc<AtomicBool>,
}

impl Proxy {
    /// Listens on a port of its own.
    ///
    /// # Panics
    /// When there is no port left.
    #[must_use]
    pub fn to(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
        let proxy = Self {
            address: listener.local_addr().expect("it is bound"),
            open: Arc::default(),
            refuses: Arc::default(),
        };
        let serving = proxy.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if !serving.refuses.load(Ordering::Relaxed)
                    && let Ok(server) = TcpStream::connect(("127.0.0.1", port))
                {
                    serving.join(&client, &server);
                }
            }
        });
        proxy
    }

    /// Where it listens.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Cuts all connections in the middle of whatever they carry.
    ///
    /// # Panics
    /// When another thread panicked here.
    pub fn cut(&self) {
        for stream in self.open.lock().expect("nobody panics with it").drain(..) {
            let _gone = stream.shutdown(Shutdown::Both);
        }
    }

    /// Whether new connections are closed at once.
    pub fn set_refusing(&self, refuses: Refusal) {
        self.refuses
            .store(refuses == Refusal::Refuses, Ordering::Relaxed);
    }

    fn join(&self, client: &TcpStream, server: &TcpStream) {
        let copy =
            |stream: &TcpStream| stream.try_clone().expect("there are file descriptors left");
        for stream in [client, server] {
            let _whatever = stream.set_nodelay(true);
        }
        let mut open = self.open.lock().expect("nobody panics with it");
        open.extend([copy(client), copy(server)]);
        for (from, to) in [(copy(client), copy(server)), (copy(server), copy(client))] {
            thread::spawn(move || carry(from, to));
        }
    }
}

/// Whether a proxy takes new connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It takes them.
    Accepts,
    /// It closes them.
    Refuses,
}

fn carry(mut from: TcpStream, mut to: TcpStream) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length) = from.read(&mut buffer)
        && length > 0
        && to.write_all(&buffer[..length]).is_ok()
    {}
    let _gone = from.shutdown(Shutdown::Both);
    let _gone = to.shutdown(Shutdown::Both);
}
