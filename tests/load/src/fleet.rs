//! All clients together: starts, observes, and stops them, and collects their results.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use hdrhistogram::Histogram;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::client::{Client, Habit, Outcome, Shared};
use crate::server::{Error, Requests};

/// The interval of polling.
const LOOK: Duration = Duration::from_millis(5);

/// Clients of all habits.
pub struct Fleet {
    shared: Arc<Shared>,
    tasks: JoinSet<Outcome>,
    outcomes: Vec<Outcome>,
    lasts: Vec<(Habit, Arc<AtomicU64>)>,
    over: watch::Sender<bool>,
}

/// The results of all clients.
pub struct Summary {
    /// The number of clients of each habit.
    pub habits: BTreeMap<Habit, usize>,
    /// How many stayed to the end.
    pub stayed: usize,
    /// The number of gap events.
    pub gaps: u64,
    /// The number of lost connections.
    pub reconnections: u64,
    /// The latencies of clients that read everything, in microseconds.
    pub latencies: Histogram<u32>,
}

impl Fleet {
    /// Starts clients of a server, this many of each habit, for up to this many events.
    pub fn start(address: SocketAddr, habits: BTreeMap<Habit, usize>, events: usize) -> Self {
        let (over, receiver) = watch::channel(false);
        let shared = Arc::new(Shared {
            address,
            sent: (0..=events).map(|_| AtomicU64::new(0)).collect(),
            given: (0..=events).map(|_| AtomicU64::new(0)).collect(),
            start: Instant::now(),
            open: AtomicUsize::new(0),
            deliveries: AtomicU64::new(0),
            over: receiver,
        });
        let mut tasks = JoinSet::new();
        let mut lasts = Vec::new();
        let each = habits.into_iter().flat_map(|(habit, count)| vec![habit; count]);
        for (seed, habit) in each.enumerate() {
            let last = Arc::new(AtomicU64::new(0));
            lasts.push((habit, last.clone()));
            tasks.spawn(Client::new(shared.clone(), habit, seed as u64, last).run());
        }
        Fleet { shared, tasks, outcomes: Vec::new(), lasts, over }
    }

    /// Waits until each has a connection.
    pub async fn opened(&mut self) -> Result<(), Error> {
        while self.shared.open.load(Ordering::Relaxed) < self.lasts.len() {
            self.look()?;
            sleep(LOOK).await;
        }
        Ok(())
    }

    /// Waits until each client that stays has received the event with this number.
    pub async fn reached(&mut self, number: u64, which: fn(Habit) -> bool) -> Result<(), Error> {
        let behind = |(habit, last): &(Habit, Arc<AtomicU64>)| {
            *habit != Habit::Leaving && which(*habit) && last.load(Ordering::Relaxed) < number
        };
        while self.lasts.iter().any(behind) {
            self.look()?;
            sleep(LOOK).await;
        }
        Ok(())
    }

    /// Returns, for each event, the time from just before it was published until the last client received it, sorted.
    pub fn until_all_had_it(&self) -> Vec<Duration> {
        let load = |time: &AtomicU64| time.load(Ordering::Relaxed);
        let times = self.shared.sent.iter().zip(&self.shared.given).skip(1);
        let mut times: Vec<Duration> = times
            .map(|(sent, given)| Duration::from_nanos(load(given).saturating_sub(load(sent))))
            .collect();
        times.sort();
        times
    }

    /// Returns how many events all clients have received together.
    pub fn deliveries(&self) -> u64 {
        self.shared.deliveries.load(Ordering::Relaxed)
    }

    /// Reports clients that have failed, or that have ended although they should stay.
    fn look(&mut self) -> Result<(), Error> {
        while let Some(outcome) = self.tasks.try_join_next() {
            let outcome = outcome?;
            if let Some(complaint) = &outcome.complaint {
                return Err(format!("a client ({:?}): {complaint}", outcome.habit).into());
            }
            if outcome.habit != Habit::Leaving {
                return Err(format!("a client has ended that was to stay: {outcome:?}").into());
            }
            self.outcomes.push(outcome);
        }
        Ok(())
    }

    /// Stops all clients, and checks that those that stayed have received each event up to `last`.
    pub async fn end(mut self, last: u64) -> Result<Summary, Error> {
        self.look()?;
        let left = self.outcomes.len();
        self.over.send_replace(true);
        while let Some(outcome) = self.tasks.join_next().await {
            self.outcomes.push(outcome?);
        }
        let mut summary = Summary {
            habits: BTreeMap::new(),
            stayed: self.outcomes.len() - left,
            gaps: 0,
            reconnections: 0,
            latencies: Histogram::new(3)?,
        };
        for outcome in self.outcomes {
            if let Some(complaint) = outcome.complaint {
                return Err(format!("a client ({:?}): {complaint}", outcome.habit).into());
            }
            if outcome.habit != Habit::Leaving && outcome.last != last {
                return Err(format!(
                    "a client ({:?}) ended at event {}",
                    outcome.habit, outcome.last
                )
                .into());
            }
            *summary.habits.entry(outcome.habit).or_default() += 1;
            summary.gaps += outcome.gaps;
            summary.reconnections += outcome.reconnections;
            summary.latencies.add(&outcome.latencies)?;
        }
        Ok(summary)
    }
}

/// Publishes numbered events, one after the other.
pub struct Publisher {
    requests: Requests,
    shared: Arc<Shared>,
    /// The number of events so far.
    pub count: u64,
}

impl Publisher {
    /// Creates a publisher for a fleet.
    pub fn new(requests: Requests, fleet: &Fleet) -> Self {
        Publisher { requests, shared: fleet.shared.clone(), count: 0 }
    }

    /// Publishes the next event: its number, and padding to the length of a piece of a model's answer.
    pub async fn publish(&mut self) -> Result<(), Error> {
        self.count += 1;
        let sent = self.shared.start.elapsed().as_nanos() as u64;
        self.shared.sent[self.count as usize].store(sent, Ordering::Relaxed);
        self.requests.publish(format!("{} {:=<200}", self.count, "")).await
    }

    /// Publishes this many events at this rate per second.
    pub async fn paced(&mut self, count: usize, rate: u32) -> Result<(), Error> {
        let mut interval = tokio::time::interval(Duration::from_secs(1) / rate);
        for _ in 0..count {
            interval.tick().await;
            self.publish().await?;
        }
        Ok(())
    }
}
