;; Waits for a timer of centuries again and again. Ends at its number of host calls.
(module
  (import "wasi:clocks/monotonic-clock@0.2.0" "subscribe-duration" (func $after (param i64) (result i32)))
  (import "wasi:io/poll@0.2.0" "[method]pollable.block" (func $block (param i32)))
  (import "wasi:io/poll@0.2.0" "[resource-drop]pollable" (func $drop_timer (param i32)))
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32) (local $timer i32)
    (loop $again
      (call $block (local.tee $timer (call $after (i64.const -1))))
      (call $drop_timer (local.get $timer))
      (br $again))
    i32.const 1024))
