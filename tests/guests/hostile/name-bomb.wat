;; Opens a namespace whose name is 1 MiB of escape characters. Denied, in one line of readable text.
(module
  (import "greenroom:agent/memory@0.1.0" "open" (func $open (param i32 i32 i32)))
  (memory (export "memory") 32)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
    (memory.fill (i32.const 65536) (i32.const 27) (i32.const 1048576))
    (call $open (i32.const 65536) (i32.const 1048576) (i32.const 256))
    ;; It must not get in.
    (if (i32.eqz (i32.load8_u (i32.const 256))) (then unreachable))
    i32.const 1024))
