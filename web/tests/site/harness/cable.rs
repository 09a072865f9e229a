//! A cable between a browser and the site, which can be pulled at the worst moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::Url;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Forwards connections to a site. It is gone with this.
pub(crate) struct Cable {
    /// The site's address at this end.
    pub(crate) base: Url,
    losing: Arc<AtomicUsize>,
    forwarding: JoinHandle<()>,
}

impl Cable {
    /// A cable to the site at that address.
    pub(crate) async fn to(site: &Url) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port is free");
        let mut base = site.clone();
        base.set_port(Some(listener.local_addr().expect("it is bound").port())).expect("it may have a port");
        let host = format!("127.0.0.1:{}", site.port().expect("a site of a test has one"));
        let losing = Arc::new(AtomicUsize::new(0));
        let left = Arc::clone(&losing);
        let forwarding = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let Ok(far) = TcpStream::connect(&host).await else { continue };
                tokio::spawn(forward(near, far, Arc::clone(&left)));
            }
        });
        Self { base, losing, forwarding }
    }

    /// The answers to the next so many uploads and ratings get lost: the site has answered, and nobody hears it.
    pub(crate) fn lose_answers(&self, count: usize) {
        self.losing.store(count, Ordering::SeqCst);
    }

    /// How many are still to be lost.
    pub(crate) fn to_lose(&self) -> usize {
        self.losing.load(Ordering::SeqCst)
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        self.forwarding.abort();
    }
}

/// Ends, and cuts both ends, when one of them does or when an answer is to be lost.
async fn forward(mut near: TcpStream, mut far: TcpStream, left: Arc<AtomicUsize>) {
    let (mut asked, mut answered) = (vec![0; 65_536], vec![0; 65_536]);
    let mut acts = false;
    loop {
        tokio::select! {
            read = near.read(&mut asked) => match read {
                Ok(length) if length > 0 => {
                    let begins = |with: &[u8]| asked[..length].starts_with(with);
                    acts |= begins(b"POST /submit ") || begins(b"POST /photos/");
                    if far.write_all(&asked[..length]).await.is_err() { return }
                }
                _ => return,
            },
            read = far.read(&mut answered) => match read {
                Ok(length) if length > 0 => {
                    let lose = |count: usize| count.checked_sub(1);
                    if acts && left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, lose).is_ok() { return }
                    acts = false;
                    if near.write_all(&answered[..length]).await.is_err() { return }
                }
                _ => return,
            },
        }
    }
}
