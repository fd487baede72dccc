;; Returns a million branches without names. Ends at the bytes that a guest may hand over, or is refused as too many.
(module
  (memory (export "memory") 200)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
    (i32.store8 (i32.const 1032) (i32.const 1))
    (i32.store (i32.const 1036) (i32.const 8192)) (i32.store (i32.const 1040) (i32.const 1000000))
    i32.const 1024))
