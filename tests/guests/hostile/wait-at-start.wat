;; Waits for ever in its start function. Ends at the number of host calls of instantiation.
(module
  (import "wasi:clocks/monotonic-clock@0.2.0" "subscribe-duration" (func $after (param i64) (result i32)))
  (import "wasi:io/poll@0.2.0" "[method]pollable.block" (func $block (param i32)))
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (func $start (local $timer i32)
    (local.set $timer (call $after (i64.const -1)))
    (loop $again (call $block (local.get $timer)) (br $again)))
  (start $start)
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
    i32.const 1024))
