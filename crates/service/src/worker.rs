//! Workers: they take jobs, hold their leases while they work, and keep the house.

use std::time::Duration;

use stopgate_store::StoreError;
use stopgate_store::job::{self, Job, Lane};
use stopgate_store::setting::{self, Worker};
use tokio::sync::watch as signal;

use crate::image::ANALYZE;
use crate::{Service, ServiceError, clock, evaluation, feed, import, notify, watch};

/// How often an idle worker looks for work without being woken.
const LOOK: Duration = Duration::from_secs(1);
/// How often a lease is renewed.
const RENEW: Duration = Duration::from_secs(10);
/// How often the house is kept.
const HOUSEKEEPING: Duration = Duration::from_secs(5);
/// How often events are looked for that notifications are to be made from.
const RELAY: Duration = Duration::from_millis(500);
/// How often it is looked whether somebody else took in new vulnerability data.
const FOLLOW: Duration = Duration::from_secs(2);
/// How often subscriptions are looked for whose time has come.
const WATCH: Duration = Duration::from_secs(5);
/// How long a server that is to stop works on what it has in hand; what is not done then is given back.
const FAREWELL: Duration = Duration::from_secs(20);
/// How long events are kept.
const EVENTS: Duration = Duration::from_hours(180 * 24);
/// How long jobs that are over are remembered.
const REMEMBERED: Duration = Duration::from_hours(7 * 24);

/// How many of each a process has.
#[derive(Debug, Clone)]
pub struct Workers {
    /// Lanes with the number of jobs of each at a time.
    pub lanes: Vec<(Lane, usize)>,
}

impl Workers {
    /// For one process that does everything on this machine.
    pub fn all() -> Self {
        let processors = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self {
            lanes: vec![(Lane::Analyze, processors.max(1)), (Lane::Evaluate, 2), (Lane::Notify, 2), (Lane::Feeds, 1)],
        }
    }
}

impl Service {
    /// Works until it is told to stop; a job that is being done then is done to its end or given back.
    pub async fn work(&self, workers: Workers, stop: signal::Receiver<bool>) {
        let mut tasks = tokio::task::JoinSet::new();
        for (lane, n) in workers.lanes {
            for number in 0..n {
                let (service, stop) = (self.clone(), stop.clone());
                tasks.spawn(async move { service.take_jobs(lane, number, stop).await });
            }
        }
        let (service, own) = (self.clone(), stop.clone());
        tasks.spawn(async move { service.keep_house(own).await });
        let (service, own) = (self.clone(), stop.clone());
        tasks.spawn(async move { service.keep_relaying(own).await });
        let (service, own) = (self.clone(), stop.clone());
        tasks.spawn(async move { service.keep_following(own).await });
        while tasks.join_next().await.is_some() {}
        let tx = self.store().begin().await;
        if let Ok(tx) = tx {
            let _ = setting::forget_worker(tx.db(), &self.options().host).await;
            let _ = tx.commit().await;
        }
    }

    /// Takes over what this process had in hand before it was restarted, when nobody else can be it.
    pub async fn take_back(&self) -> Result<(), ServiceError> {
        // What was being read then is read again; nobody else has a folder here.
        let scratch = self.options().folder.join("scratch");
        for left in std::fs::read_dir(&scratch).into_iter().flatten().flatten() {
            let path = left.path();
            let gone = if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
            if let Err(error) = gone {
                tracing::warn!(%error, path = %path.display(), "what an earlier run left could not be removed");
            }
        }
        for lost in self.store().release_holder(&self.options().host).await? {
            self.over(&lost).await;
        }
        Ok(())
    }

    async fn take_jobs(&self, lane: Lane, number: usize, mut stop: signal::Receiver<bool>) {
        let holder = self.options().host.clone();
        while !*stop.borrow() {
            match self.store().lease(&holder, &[lane]).await {
                Ok(Some(job)) => self.hold(&job, &mut stop).await,
                Ok(None) => self.wait(&mut stop).await,
                Err(error) => {
                    tracing::warn!(%error, lane = lane.name(), number, "no job can be taken");
                    self.wait(&mut stop).await;
                }
            }
        }
    }

    async fn wait(&self, stop: &mut signal::Receiver<bool>) {
        tokio::select! {
            () = self.0.wake.notified() => {}
            () = tokio::time::sleep(LOOK) => {}
            _ = stop.changed() => {}
        }
    }

    /// Does a job while its lease is renewed, and sees to how that ends.
    async fn hold(&self, job: &Job, stop: &mut signal::Receiver<bool>) {
        let written = match self.held(job, stop).await {
            End::Done(Ok(())) | End::LeaseLost => Ok(()),
            End::Done(Err(error)) => {
                self.failed(job, &error).await;
                Ok(())
            }
            End::Cancelled => self.store().cancel_leased(job).await,
            End::Stopping => self.store().give_back(job).await,
        };
        match written {
            Ok(()) | Err(StoreError::LeaseLost) => {}
            Err(error) => tracing::warn!(%error, job = job.id, "the end of a job could not be written down"),
        }
    }

    async fn held(&self, job: &Job, stop: &mut signal::Receiver<bool>) -> End {
        let work = self.perform(job);
        let farewell = tokio::time::sleep(FAREWELL);
        tokio::pin!(work, farewell);
        let mut again = tokio::time::interval(RENEW);
        again.tick().await;
        let mut stopping = false;
        loop {
            tokio::select! {
                done = &mut work => return End::Done(done),
                _ = again.tick() => match self.store().renew(job, None).await {
                    Ok(true) => {}
                    Ok(false) => return End::Cancelled,
                    Err(StoreError::LeaseLost) => return End::LeaseLost,
                    Err(error) => tracing::warn!(%error, job = job.id, "a lease could not be renewed"),
                },
                _ = stop.changed(), if !stopping => {
                    stopping = true;
                    farewell.as_mut().reset(tokio::time::Instant::now() + FAREWELL);
                }
                () = &mut farewell, if stopping => return End::Stopping,
            }
        }
    }

    async fn perform(&self, job: &Job) -> Result<(), ServiceError> {
        let started = std::time::Instant::now();
        if self.store().shared() && matches!(job.kind.as_str(), ANALYZE | evaluation::EVALUATE | "rematch") {
            // What another process has taken in already must decide here too.
            self.follow_data().await?;
        }
        let done = match job.kind.as_str() {
            ANALYZE => self.analyze(job).await,
            import::IMPORT => self.import_job(job).await,
            evaluation::EVALUATE => self.evaluate_job(job).await,
            "rematch" => self.rematch(job).await,
            notify::NOTIFY => self.notify(job).await,
            watch::WATCH => self.watch(job).await,
            feed::FEED => self.feed_job(job).await,
            other => Err(ServiceError::internal(format!("there is no job `{other}`"))),
        };
        tracing::debug!(job = job.id, kind = job.kind, ok = done.is_ok(), ms = started.elapsed().as_millis(), "a job");
        done
    }

    async fn failed(&self, job: &Job, error: &ServiceError) {
        tracing::warn!(job = job.id, kind = job.kind, attempt = job.attempts, %error, "a job failed");
        // Twice as long after each try.
        let wait = match job.kind.as_str() {
            notify::NOTIFY => notify::wait_after(job.attempts),
            _ => Duration::from_secs(1 << job.attempts.clamp(0, 8)),
        };
        let Ok(tx) = self.store().begin().await else { return };
        match self.store().fail(tx, job, &error.message, Some(wait)).await {
            Ok(true) => self.over(&Job { error: Some(error.message.clone()), ..job.clone() }).await,
            Ok(false) | Err(StoreError::LeaseLost) => {}
            Err(error) => tracing::warn!(%error, job = job.id, "a failed job could not be given back"),
        }
    }

    /// A job that will not be tried again.
    async fn over(&self, job: &Job) {
        if [ANALYZE, import::IMPORT].contains(&job.kind.as_str())
            && let Err(error) = self.analysis_lost(job).await
        {
            tracing::warn!(%error, job = job.id, "the end of an analysis could not be written down");
        }
        if job.kind == notify::NOTIFY
            && let Err(error) = self.notification_lost(job).await
        {
            tracing::warn!(%error, job = job.id, "the end of a notification could not be written down");
        }
    }

    async fn keep_relaying(&self, mut stop: signal::Receiver<bool>) {
        while !*stop.borrow() {
            if let Err(error) = self.relay().await {
                tracing::warn!(%error, "events could not be prepared for sending");
            }
            tokio::select! {
                () = tokio::time::sleep(RELAY) => {}
                _ = stop.changed() => {}
            }
        }
    }

    async fn keep_following(&self, mut stop: signal::Receiver<bool>) {
        while !*stop.borrow() {
            if let Err(error) = self.follow_data().await {
                tracing::warn!(%error, "new vulnerability data could not be followed");
            }
            tokio::select! {
                () = tokio::time::sleep(FOLLOW) => {}
                _ = stop.changed() => {}
            }
        }
    }

    async fn keep_house(&self, mut stop: signal::Receiver<bool>) {
        while !*stop.borrow() {
            if let Err(error) = self.house().await {
                tracing::warn!(%error, "the house could not be kept");
            }
            tokio::select! {
                () = tokio::time::sleep(HOUSEKEEPING) => {}
                _ = stop.changed() => {}
            }
        }
    }

    async fn house(&self) -> Result<(), ServiceError> {
        for lost in self.store().expire_leases().await? {
            self.over(&lost).await;
        }
        let now = clock::now();
        let tx = self.store().begin().await?;
        let worker = Worker {
            id: self.options().host.clone(),
            host: self.options().host.clone(),
            roles: "all".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            seen_at: now,
        };
        setting::alive(tx.db(), &worker).await?;
        if setting::take_turn(tx.db(), "watch", WATCH).await? {
            self.ask_for_watching(tx.db()).await?;
        }
        if setting::take_turn(tx.db(), "sweep", Duration::from_mins(10)).await? {
            stopgate_store::token::sweep(tx.db(), now).await?;
            stopgate_store::import::expire(tx.db(), now).await?;
            let before = |age: Duration| now - jiff::SignedDuration::try_from(age).unwrap_or_default();
            job::sweep(tx.db(), before(REMEMBERED).as_microsecond()).await?;
            stopgate_store::notify::sweep(tx.db(), before(REMEMBERED), before(EVENTS)).await?;
            self.expire_inventory(tx.db(), now).await?;
        }
        Ok(tx.commit().await?)
    }
}

/// How work on a job ended.
enum End {
    Done(Result<(), ServiceError>),
    Cancelled,
    LeaseLost,
    /// The server stops, and the job is not done.
    Stopping,
}
