//! An S3 server for tests: [`s3s_fs`] over a temporary folder, on a loopback port, in its own thread.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// The server's only access key.
pub const ACCESS_KEY: &str = "tests";

/// The secret of [`ACCESS_KEY`].
pub const SECRET_KEY: &str = "only for tests";

/// The server's only bucket.
pub const BUCKET: &str = "pawdium-tests";

/// A running server. Dropping it stops the server and deletes its files.
#[derive(Debug)]
pub struct S3Server {
    runtime: Option<Runtime>,
    folder: TempDir,
    address: SocketAddr,
}

impl S3Server {
    /// Starts a server with an empty bucket. Can be called inside another runtime.
    ///
    /// # Panics
    /// When the machine has no folder, thread or port left.
    #[must_use]
    pub fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("pawdium-s3-").tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join(BUCKET)).expect("a bucket is a folder");
        let mut builder = S3ServiceBuilder::new(FileSystem::new(folder.path()).expect("the folder exists"));
        builder.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
        let service = builder.build();
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        listener.set_nonblocking(true).expect("a socket can be set");
        let address = listener.local_addr().expect("it is bound");
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a thread starts");
        runtime.spawn(async move {
            serve(TcpListener::from_std(listener).expect("a runtime"), service).await;
        });
        Self { runtime: Some(runtime), folder, address }
    }

    /// The endpoint: `http://127.0.0.1:<port>`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The bucket's folder.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.folder.path().join(BUCKET)
    }

    /// All files in the server's folder, including parts of unfinished uploads, but not the server's own metadata.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        walk(self.folder.path(), &mut found);
        found.sort();
        found
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        // A runtime can't be blocked on inside another one.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn serve(listener: TcpListener, service: S3Service) {
    while let Ok((socket, _)) = listener.accept().await {
        let server = Builder::new(TokioExecutor::new());
        let connection = server.serve_connection(TokioIo::new(socket), service.clone()).into_owned();
        // A client that disconnects is not an error.
        tokio::spawn(async move { drop(connection.await) });
    }
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("is a folder") {
        let path = entry.expect("is readable").path();
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_none_or(|kind| kind != "json") {
            found.push(path);
        }
    }
}
