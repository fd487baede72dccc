;; Measures the machine by asking a timer of 1 ms whether it has passed, and says in a row how often it asked. The
;; timer must tell nothing.
(module
  (import "wasi:clocks/monotonic-clock@0.2.0" "subscribe-duration" (func $after (param i64) (result i32)))
  (import "wasi:io/poll@0.2.0" "[method]pollable.ready" (func $ready (param i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32) (local $timer i32) (local $n i32)
    (local.set $timer (call $after (i64.const 1000000)))
    (loop $again
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $again (i32.eqz (call $ready (local.get $timer)))))
    (i32.store (i32.const 2048) (local.get $n))
    (i32.store (i32.const 1036) (i32.const 2048)) (i32.store (i32.const 1040) (i32.const 1))
    (i32.store (i32.const 1044) (i32.const 3072)) (i32.store (i32.const 1048) (i32.const 1))
    i32.const 1024))
