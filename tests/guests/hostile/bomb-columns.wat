;; Returns ten thousand columns that are all the same 1 MiB. Ends at the bytes that a guest may hand over.
(module
  (memory (export "memory") 32)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32) (local $at i32)
    (local.set $at (i32.const 8192))
    (loop $again
      (i32.store offset=12 (local.get $at) (i32.const 262144)) (i32.store offset=16 (local.get $at) (i32.const 262144))
      (br_if $again (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 20))) (i32.const 208192))))
    (i32.store (i32.const 1060) (i32.const 8192)) (i32.store (i32.const 1064) (i32.const 10000))
    i32.const 1024))
