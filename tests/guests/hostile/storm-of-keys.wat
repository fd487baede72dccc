;; Writes a new key in each host call. Its namespace's quota refuses, and its number of host calls ends it.
(module
  (import "greenroom:agent/memory@0.1.0" "open" (func $open (param i32 i32 i32)))
  (import "greenroom:agent/memory@0.1.0" "[method]namespace.put" (func $put (param i32 i32 i32 i32 i32 i32)))
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (data (i32.const 16) "mine")
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32) (local $n i32)
    (call $open (i32.const 16) (i32.const 4) (i32.const 256))
    (loop $again
      (i32.store (i32.const 64) (i32.or (i32.const 0x20202020) (i32.and (local.get $n) (i32.const 0x0f0f0f0f))))
      (i32.store (i32.const 68) (i32.or (i32.const 0x20202020) (i32.and (i32.shr_u (local.get $n) (i32.const 4)) (i32.const 0x0f0f0f0f))))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (call $put (i32.load (i32.const 264)) (i32.const 64) (i32.const 8) (i32.const 0) (i32.const 1024) (i32.const 512))
      (br $again))
    i32.const 1024))
