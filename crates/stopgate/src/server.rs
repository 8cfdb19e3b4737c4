//! The server of the program: options and environment become a service, the runtime is made here.

use std::path::Path;

use secrecy::SecretString;
use stopgate_cli::{Installation, Process, Serve, Server, Work};
use stopgate_server::{ServerOptions, Tls};
use stopgate_service::store::job::Lane;
use stopgate_service::store::{BlobPlace, Store, StoreOptions};
use stopgate_service::worker::Workers;
use stopgate_service::{FirstStart, Service, ServiceOptions};
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// The server that this program brings along.
pub(crate) struct Own;

impl Server for Own {
    fn serve(&self, options: &Serve, ca_file: Option<&Path>) -> Result<u8, String> {
        let service = service_options(&options.process, ca_file, options.listen.ip().is_loopback())?;
        let workers = workers(&options.process.jobs)?;
        let server = ServerOptions {
            listen: options.listen,
            tls: options
                .tls_certificate
                .clone()
                .zip(options.tls_key.clone())
                .map(|(certificate, key)| Tls { certificate, key }),
            cli_folder: options.cli_dir.clone(),
            guarded_metrics: !options.open_metrics,
        };
        runtime()?.block_on(serve(service, workers, server))
    }

    fn work(&self, options: &Work, ca_file: Option<&Path>) -> Result<u8, String> {
        if let Some(folder) = &options.one_job {
            let known = stopgate_service::sandbox::run_one_job(folder).map_err(|error| error.message)?;
            return Ok(u8::from(!known));
        }
        let service = service_options(&options.process, ca_file, false)?;
        let workers = workers(&options.process.jobs)?;
        runtime()?.block_on(work(service, workers))
    }

    fn migrate(&self, installation: &Installation) -> Result<u8, String> {
        let options = store_options(installation)?;
        runtime()?.block_on(async {
            Store::open(&options).await.map_err(|error| error.to_string())?.close().await;
            Ok(0)
        })
    }
}

fn runtime() -> Result<Runtime, String> {
    // Who builds reqwest and sqlx chose no provider of cryptography; this is the one place that does.
    let _ = rustls::crypto::ring::default_provider().install_default();
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("the runtime cannot be started: {error}"))
}

fn store_options(installation: &Installation) -> Result<StoreOptions, String> {
    std::fs::create_dir_all(&installation.data)
        .map_err(|error| format!("cannot use the folder `{}`: {error}", installation.data.display()))?;
    let mut options = StoreOptions::folder(&installation.data);
    if let Some(database) = &installation.database {
        options.database.clone_from(database);
    }
    if let Some(blobs) = &installation.blobs {
        options.blobs = BlobPlace::parse(blobs).map_err(|error| error.to_string())?;
    }
    Ok(options)
}

/// A secret of the environment: the variable, else the file that `NAME_FILE` names.
fn secret(name: &str) -> Result<Option<SecretString>, String> {
    if let Ok(value) = std::env::var(name) {
        return Ok(Some(SecretString::from(value)).filter(|_| !std::env::var(name).unwrap_or_default().is_empty()));
    }
    match std::env::var(format!("{name}_FILE")) {
        Ok(path) => match std::fs::read_to_string(&path) {
            Ok(text) => Ok(Some(SecretString::from(text.trim().to_owned()))),
            Err(error) => Err(format!("the file of {name}_FILE cannot be read: {error}")),
        },
        Err(_) => Ok(None),
    }
}

fn service_options(process: &Process, ca_file: Option<&Path>, loopback: bool) -> Result<ServiceOptions, String> {
    let installation = &process.installation;
    let store = store_options(installation)?;
    let host = process.host_id.clone().unwrap_or_else(|| {
        let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
        if store.database.starts_with("sqlite:") { name } else { format!("{name}-{}", std::process::id()) }
    });
    let admin_password = match secret("STOPGATE_ADMIN_PASSWORD")? {
        Some(password) => Some(password),
        None => secret("ANCHORE_ADMIN_PASSWORD")?,
    };
    let previous = secret("STOPGATE_MASTER_KEY_PREVIOUS")?;
    let folder = std::path::absolute(&installation.data)
        .map_err(|error| format!("`{}`: {error}", installation.data.display()))?;
    Ok(ServiceOptions {
        folder,
        store,
        admin_password,
        master_key: secret("STOPGATE_MASTER_KEY")?.map(|key| (key, previous)),
        host,
        program: std::env::current_exe().map_err(|error| format!("this program cannot be found: {error}"))?,
        loopback,
        egress_allow: process.egress_allow.clone(),
        ca_file: ca_file.map(Path::to_owned),
    })
}

fn workers(wanted: &[String]) -> Result<Workers, String> {
    let mut workers = Workers::all();
    for text in wanted {
        let read = text.split_once('=').and_then(|(name, n)| Some((Lane::parse(name)?, n.parse().ok()?)));
        let Some((lane, n)) = read else {
            return Err(format!(
                "`--jobs {text}` is not understood: expected KIND=N, a kind of analyze, evaluate, notify, feeds"
            ));
        };
        workers.lanes.retain(|(known, _)| *known != lane);
        workers.lanes.push((lane, n));
    }
    Ok(workers)
}

/// Tells on standard error, as everything that is no result.
fn say(line: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

fn welcome(first: &FirstStart, options: &ServiceOptions) {
    if let Some(password) = &first.admin_password {
        say(&format!("first start: log in as `admin` with the password {password} (it is not shown again)"));
    }
    if first.made_key {
        let path = options.folder.join("master.key");
        say(&format!(
            "secrets are encrypted with `{}`: keep it with your backups, and apart from them",
            path.display()
        ));
    }
}

async fn serve(options: ServiceOptions, workers: Workers, server: ServerOptions) -> Result<u8, String> {
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(until_told(stop));
    let alone = options.store.database.starts_with("sqlite:");
    let (service, first) = Service::open(options).await.map_err(|error| error.message)?;
    if alone {
        // Nobody else has the file: what this process held before it was restarted is its own.
        service.take_back().await.map_err(|error| error.message)?;
    }
    let scheme = if server.tls.is_some() { "https" } else { "http" };
    let listening = stopgate_server::serve(service.clone(), &server, stopped.clone()).await;
    let listening = listening.map_err(|error| error.message)?;
    welcome(&first, service.options());
    say(&format!("listening on {scheme}://{}", listening.address));
    service.work(workers, stopped).await;
    listening.ended().await.map_err(|error| error.message)?;
    service.store().close().await;
    Ok(0)
}

async fn work(options: ServiceOptions, workers: Workers) -> Result<u8, String> {
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(until_told(stop));
    let (service, first) = Service::open(options).await.map_err(|error| error.message)?;
    welcome(&first, service.options());
    say("working");
    service.work(workers, stopped).await;
    service.store().close().await;
    Ok(0)
}

/// Waits for SIGTERM or SIGINT. A second one ends the process at once, as without us.
async fn until_told(stop: watch::Sender<bool>) {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    let _ = stop.send(true);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    std::process::exit(1);
}
