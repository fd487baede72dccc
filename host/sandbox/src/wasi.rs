//! WASI 0.2 with nothing behind it, for guests whose language's runtime expects it.
//!
//! No files, no sockets, no environment, no arguments, no input; what is written to the standard streams goes nowhere.
//! Clock and randomness come from the request, so that the same request has the same answer. Time stands still but for a
//! microsecond at each look, so that a guest that waits for it goes on, and learns nothing about the machine. Timers go by
//! that clock: whoever waits for one goes on at once, at the time that it was set to. A timer of the machine would be a
//! clock: a guest could count how often it looks until it has passed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource, ResourceTable};
use wasmtime_wasi::p2::{DynPollable, Pollable, subscribe};
use wasmtime_wasi::{HostMonotonicClock, HostWallClock, WasiCtx, WasiCtxView};

use crate::context::Context;

/// Streams, pollables and errors that a guest may hold at once.
const RESOURCES_MAX: usize = 256;
/// Random bytes of one call.
const RANDOM_MAX: u64 = 1 << 20;
/// As the engine names the clock, with its version.
const MONOTONIC: &str = "wasi:clocks/monotonic-clock@0.2.12";

/// What the functions of WASI work on.
pub(crate) struct Wasi {
    ctx: WasiCtx,
    clock: Clock,
    table: ResourceTable,
}

impl Wasi {
    /// As a call at `now_ms` with this seed finds it.
    pub(crate) fn new(now_ms: i64, seed: u64) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(RESOURCES_MAX);
        let clock = Clock::at(now_ms);
        Self { ctx: ctx(clock.clone(), seed), clock, table }
    }

    /// Sets clock and randomness for the next call. What the guest has open stays open: its runtime keeps its streams.
    pub(crate) fn begin(&mut self, now_ms: i64, seed: u64) {
        self.clock = Clock::at(now_ms);
        self.ctx = ctx(self.clock.clone(), seed);
    }

    /// A timer that passes so many nanoseconds after the call began, or from now.
    fn timer(&mut self, nanos: u64, from_now: bool) -> wasmtime::Result<(Resource<DynPollable>,)> {
        let now_us = if from_now { self.clock.passed_us.load(Ordering::Relaxed) } else { 0 };
        let timer = Timer { clock: self.clock.clone(), at_us: now_us.saturating_add(nanos.div_ceil(1_000)) };
        let timer = self.table.push(timer)?;
        Ok((subscribe(&mut self.table, timer)?,))
    }
}

/// Sets timers by the clock of the request in the place of those by the machine's.
pub(crate) fn add_timers(linker: &mut Linker<Context>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    let mut clock = linker.instance(MONOTONIC)?;
    clock.func_wrap("subscribe-instant", |mut store: StoreContextMut<'_, Context>, (nanos,): (u64,)| {
        store.data_mut().metered_wasi().timer(nanos, false)
    })?;
    clock.func_wrap("subscribe-duration", |mut store: StoreContextMut<'_, Context>, (nanos,): (u64,)| {
        store.data_mut().metered_wasi().timer(nanos, true)
    })?;
    linker.allow_shadowing(false);
    Ok(())
}

fn ctx(clock: Clock, seed: u64) -> WasiCtx {
    WasiCtx::builder()
        .secure_random(StdRng::seed_from_u64(seed))
        .insecure_random(StdRng::seed_from_u64(!seed))
        .insecure_random_seed(u128::from(seed))
        .max_random_size(RANDOM_MAX)
        .wall_clock(clock.clone())
        .monotonic_clock(clock)
        .allow_tcp(false)
        .allow_udp(false)
        .build()
}

/// A microsecond later at each look.
#[derive(Clone)]
struct Clock {
    began_us: u64,
    passed_us: Arc<AtomicU64>,
}

impl Clock {
    fn at(now_ms: i64) -> Self {
        Self { began_us: u64::try_from(now_ms).unwrap_or(0).saturating_mul(1_000), passed_us: Arc::default() }
    }

    fn look_us(&self) -> u64 {
        self.passed_us.fetch_add(1, Ordering::Relaxed)
    }
}

/// What is waited for: time goes on to it.
struct Timer {
    clock: Clock,
    at_us: u64,
}

#[wasmtime_wasi::async_trait]
impl Pollable for Timer {
    async fn ready(&mut self) {
        self.clock.passed_us.fetch_max(self.at_us, Ordering::Relaxed);
    }
}

impl HostWallClock for Clock {
    fn resolution(&self) -> Duration {
        Duration::from_micros(1)
    }

    fn now(&self) -> Duration {
        Duration::from_micros(self.began_us.saturating_add(self.look_us()))
    }
}

impl HostMonotonicClock for Clock {
    fn resolution(&self) -> u64 {
        1_000
    }

    fn now(&self) -> u64 {
        self.look_us().saturating_mul(1_000)
    }
}

impl wasmtime_wasi::WasiView for Context {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let Wasi { ctx, table, .. } = self.metered_wasi();
        WasiCtxView { ctx, table }
    }
}

impl Context {
    /// Every function of WASI comes through here.
    fn metered_wasi(&mut self) -> &mut Wasi {
        self.meter_wasi();
        self.wasi.get_or_insert_with(|| Wasi::new(0, 0))
    }
}
