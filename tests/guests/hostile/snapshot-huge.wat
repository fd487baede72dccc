;; Has 12 MB of state. Bounded by its memory.
(module
  (memory (export "memory") 200)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (func (export "greenroom:agent/lifecycle@0.1.0#describe") (result i32)
    i32.const 1024)
  (func (export "greenroom:agent/lifecycle@0.1.0#configure") (param i32 i32) (result i32)
    i32.const 1024)
  (func (export "greenroom:agent/lifecycle@0.1.0#snapshot") (result i32)
    (i32.store (i32.const 1036) (i32.const 65536)) (i32.store (i32.const 1040) (i32.const 12000000))
    i32.const 1024)
  (func (export "greenroom:agent/lifecycle@0.1.0#restore") (param i32 i32 i32 i32) (result i32)
    i32.const 1024))
