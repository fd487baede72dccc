;; Counts a metric of another name in each host call. Ends at its number of host calls.
(module
  (import "greenroom:agent/metric@0.1.0" "count" (func $count (param i32 i32 f64)))
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32) (local $n i32)
    (loop $again
      (i32.store (i32.const 64) (i32.or (i32.const 0x20202020) (i32.and (local.get $n) (i32.const 0x0f0f0f0f))))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (call $count (i32.const 64) (i32.const 4) (f64.const nan))
      (br $again))
    i32.const 1024))
