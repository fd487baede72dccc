;; Describes five thousand parameters. The descriptor is refused.
(module
  (memory (export "memory") 32)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (func (export "greenroom:agent/lifecycle@0.1.0#describe") (result i32)
    (i32.store (i32.const 1096) (i32.const 8192)) (i32.store (i32.const 1100) (i32.const 5000))
    i32.const 1024)
  (func (export "greenroom:agent/lifecycle@0.1.0#configure") (param i32 i32) (result i32)
    i32.const 1024)
  (func (export "greenroom:agent/lifecycle@0.1.0#snapshot") (result i32)
    i32.const 1024)
  (func (export "greenroom:agent/lifecycle@0.1.0#restore") (param i32 i32 i32 i32) (result i32)
    i32.const 1024))
