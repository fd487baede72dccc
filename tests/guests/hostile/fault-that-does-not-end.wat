;; Fails with a message of 1 MiB. The fault tells what a person reads.
(module
  (memory (export "memory") 32)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
    (memory.fill (i32.const 65536) (i32.const 65) (i32.const 1048576))
    (i32.store8 (i32.const 1024) (i32.const 1))
    (i32.store8 (i32.const 1032) (i32.const 5))
    (i32.store (i32.const 1036) (i32.const 65536)) (i32.store (i32.const 1040) (i32.const 1048576))
    i32.const 1024))
