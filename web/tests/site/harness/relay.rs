//! A line to a server that can be cut.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::Notify;

/// Where a relay leads.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    Tcp(String, u16),
    Unix(PathBuf),
}

/// A port on loopback that leads to a server until it is cut: then every connection ends and no new one is answered.
pub(crate) struct Relay {
    pub(crate) port: u16,
    line: Arc<Line>,
}

#[derive(Default)]
struct Line {
    is_cut: AtomicBool,
    cut: Notify,
}

impl Relay {
    pub(crate) async fn to(target: Target) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let line = Arc::new(Line::default());
        tokio::spawn(accept(listener, target, Arc::clone(&line)));
        Self { port, line }
    }

    pub(crate) fn cut(&self) {
        self.line.is_cut.store(true, Ordering::SeqCst);
        self.line.cut.notify_waiters();
    }

    pub(crate) fn mend(&self) {
        self.line.is_cut.store(false, Ordering::SeqCst);
    }
}

async fn accept(listener: TcpListener, target: Target, line: Arc<Line>) {
    while let Ok((client, _)) = listener.accept().await {
        // Dropped at once, a connection looks like one to a server that has just gone.
        if !line.is_cut.load(Ordering::SeqCst) {
            tokio::spawn(carry(client, target.clone(), Arc::clone(&line)));
        }
    }
}

async fn carry(mut client: TcpStream, target: Target, line: Arc<Line>) {
    let cut = async {
        loop {
            // The sleep is for a cut between the look and the wait.
            let notified = tokio::time::timeout(Duration::from_millis(200), line.cut.notified()).await;
            if notified.is_ok() || line.is_cut.load(Ordering::SeqCst) {
                return;
            }
        }
    };
    let carried = async {
        match target {
            Target::Tcp(host, port) => {
                let mut server = TcpStream::connect((host, port)).await?;
                copy_bidirectional(&mut client, &mut server).await
            }
            Target::Unix(path) => {
                let mut server = UnixStream::connect(path).await?;
                copy_bidirectional(&mut client, &mut server).await
            }
        }
    };
    // Either way the connection is over, and both of its ends learn it.
    tokio::select! {
        () = cut => {}
        _ = carried => {}
    }
}
