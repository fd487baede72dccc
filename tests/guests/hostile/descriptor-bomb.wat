;; Describes ten thousand choices whose options are all the same ten thousand. Ends at the bytes that a guest may
;; hand over.
(module
  (memory (export "memory") 32)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (func (export "greenroom:agent/lifecycle@0.1.0#describe") (result i32) (local $at i32)
    (local.set $at (i32.const 131072))
    (loop $again
      (i32.store8 offset=16 (local.get $at) (i32.const 2))
      (i32.store offset=24 (local.get $at) (i32.const 8192)) (i32.store offset=28 (local.get $at) (i32.const 10000))
      (br_if $again (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 80))) (i32.const 931072))))
    (i32.store (i32.const 1096) (i32.const 131072)) (i32.store (i32.const 1100) (i32.const 10000))
    i32.const 1024)
  (func (export "greenroom:agent/lifecycle@0.1.0#configure") (param i32 i32) (result i32)
    i32.const 1024)
  (func (export "greenroom:agent/lifecycle@0.1.0#snapshot") (result i32)
    i32.const 1024)
  (func (export "greenroom:agent/lifecycle@0.1.0#restore") (param i32 i32 i32 i32) (result i32)
    i32.const 1024))
