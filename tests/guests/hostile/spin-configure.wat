;; Is configured for ever. Its fuel or its deadline ends it.
(module
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (func (export "greenroom:agent/lifecycle@0.1.0#describe") (result i32)
    i32.const 1024)
  (func (export "greenroom:agent/lifecycle@0.1.0#configure") (param i32 i32) (result i32)
    (loop $again (br $again))
    i32.const 1024)
  (func (export "greenroom:agent/lifecycle@0.1.0#snapshot") (result i32)
    i32.const 1024)
  (func (export "greenroom:agent/lifecycle@0.1.0#restore") (param i32 i32 i32 i32) (result i32)
    i32.const 1024))
