;; Reports a hundred thousand notes that are all the same 1 MiB. Ends at the bytes that a guest may hand over.
(module
  (memory (export "memory") 32)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (func (export "greenroom:agent/learner@0.1.0#learn") (param i32) (result i32)
    i32.const 1024)
  (func (export "greenroom:agent/learner@0.1.0#fit") (result i32) (local $at i32)
    (local.set $at (i32.const 8192))
    (loop $again
      (i32.store (local.get $at) (i32.const 8192)) (i32.store offset=4 (local.get $at) (i32.const 1048576))
      (br_if $again (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 8))) (i32.const 808192))))
    (i32.store (i32.const 1056) (i32.const 8192)) (i32.store (i32.const 1060) (i32.const 100000))
    i32.const 1024))
