;; Is called by an escape sequence. The descriptor is refused, in readable text.
(module
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (data (i32.const 512) "\1b[2J\nliar\r")
  (func (export "greenroom:agent/lifecycle@0.1.0#describe") (result i32)
    (i32.store (i32.const 1024) (i32.const 512)) (i32.store (i32.const 1028) (i32.const 10))
    i32.const 1024)
  (func (export "greenroom:agent/lifecycle@0.1.0#configure") (param i32 i32) (result i32)
    i32.const 1024)
  (func (export "greenroom:agent/lifecycle@0.1.0#snapshot") (result i32)
    i32.const 1024)
  (func (export "greenroom:agent/lifecycle@0.1.0#restore") (param i32 i32 i32 i32) (result i32)
    i32.const 1024))
