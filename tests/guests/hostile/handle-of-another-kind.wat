;; Reads memory through the handle of a timer. A trap.
(module
  (import "greenroom:agent/memory@0.1.0" "[method]namespace.get" (func $get (param i32 i32 i32 i32)))
  (import "wasi:clocks/monotonic-clock@0.2.0" "subscribe-duration" (func $after (param i64) (result i32)))
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
    (call $get (call $after (i64.const 0)) (i32.const 16) (i32.const 1) (i32.const 512))
    i32.const 1024))
