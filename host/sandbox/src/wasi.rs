//! WASI 0.2 with nothing behind it, for guests whose language's runtime expects it.
//!
//! No files, no sockets, no environment, no arguments, no input; what is written to the standard streams goes nowhere.
//! Clock and randomness come from the request, so that the same request has the same answer. Time stands still but for a
//! microsecond at each look, so that a guest that waits for it goes on, and learns nothing about the machine.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{HostMonotonicClock, HostWallClock, WasiCtx, WasiCtxView};

use crate::context::Context;

/// Streams, pollables and errors that a guest may hold at once.
const RESOURCES_MAX: usize = 256;
/// Random bytes of one call.
const RANDOM_MAX: u64 = 1 << 20;

/// What the functions of WASI work on.
pub(crate) struct Wasi {
    ctx: WasiCtx,
    table: ResourceTable,
}

impl Wasi {
    /// As a call at `now_ms` with this seed finds it.
    pub(crate) fn new(now_ms: i64, seed: u64) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(RESOURCES_MAX);
        Self { ctx: ctx(now_ms, seed), table }
    }

    /// Sets clock and randomness for the next call. What the guest has open stays open: its runtime keeps its streams.
    pub(crate) fn begin(&mut self, now_ms: i64, seed: u64) {
        self.ctx = ctx(now_ms, seed);
    }
}

fn ctx(now_ms: i64, seed: u64) -> WasiCtx {
    let now_us = u64::try_from(now_ms).unwrap_or(0).saturating_mul(1_000);
    let clock = Clock { began_us: now_us, looks: Arc::default() };
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
    looks: Arc<AtomicU64>,
}

impl Clock {
    fn passed_us(&self) -> u64 {
        self.looks.fetch_add(1, Ordering::Relaxed)
    }
}

impl HostWallClock for Clock {
    fn resolution(&self) -> Duration {
        Duration::from_micros(1)
    }

    fn now(&self) -> Duration {
        Duration::from_micros(self.began_us.saturating_add(self.passed_us()))
    }
}

impl HostMonotonicClock for Clock {
    fn resolution(&self) -> u64 {
        1_000
    }

    fn now(&self) -> u64 {
        self.passed_us().saturating_mul(1_000)
    }
}

impl wasmtime_wasi::WasiView for Context {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        // Every function of WASI comes through here.
        self.meter_wasi();
        let Wasi { ctx, table } = self.wasi.get_or_insert_with(|| Wasi::new(0, 0));
        WasiCtxView { ctx, table }
    }
}
