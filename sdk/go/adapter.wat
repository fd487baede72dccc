;; A preview1 adapter for agents written in Go: Go's runtime asks for WASI, and an agent has none.
;;
;; What the runtime cannot do without is answered here, the same in every run: a clock that only counts, random bytes
;; from a fixed seed, no arguments, no environment, no files. What is written to standard output and standard error
;; becomes lines of the agent's log, so that `fmt.Println` and the text of a fatal error are seen. Ending the process
;; is a trap.
;;
;; The encoder puts this module beside the agent's and leaves out what the agent does not import. It may have no memory
;; and no data of its own: it works in the agent's memory, and its state is in globals.
(module
  (import "greenroom:agent/log@0.2.0" "write" (func $log (param $level i32) (param $at i32) (param $len i32)))
  (import "env" "memory" (memory 0))

  ;; The type of that import, as the encoder wants it: `wasm-tools component embed` of a world that imports
  ;; greenroom:agent/log@0.2.0 and nothing else.
  (@custom "component-type:greenroom-log" (after last)
    "\00asm\0d\00\01\00\00\19\16wit-component-encoding\04\00\07\89\01\01A\02\01A\02\01B\04\01m\04\05debug"
    "\04info\04warn\05error\04\00\05level\03\00\00\01@\02\05level\01\07messages\01\00\04\00\05write\01\02"
    "\03\00\19greenroom:agent/log@0.2.0\05\00\04\00\1agreenroom:agent/line@0.2.0\04\00\0b\0a\01\00\04line"
    "\03\00\00")

  (global $now (mut i64) (i64.const 0))
  (global $seed (mut i64) (i64.const 0x9e3779b97f4a7c15))

  ;; Where a line is collected until it ends: Go prints a panic in small pieces. The SDK lends the buffer.
  (global $buffer (mut i32) (i32.const 0))
  (global $buffer-len (mut i32) (i32.const 0))
  (global $used (mut i32) (i32.const 0))
  (global $collected-fd (mut i32) (i32.const 0))

  (func (export "greenroom_line_buffer") (param $at i32) (param $len i32)
    (global.set $buffer (local.get $at))
    (global.set $buffer-len (local.get $len)))

  ;; Standard output is info, standard error is error.
  (func $level (param $fd i32) (result i32)
    (select (i32.const 3) (i32.const 1) (i32.eq (local.get $fd) (i32.const 2))))

  (func $flush
    (if (global.get $used)
      (then
        (call $log (call $level (global.get $collected-fd)) (global.get $buffer) (global.get $used))
        (global.set $used (i32.const 0)))))

  (func $collect (param $fd i32) (param $at i32) (param $len i32)
    (local $end i32)
    (local $byte i32)
    (if (i32.eqz (global.get $buffer))
      (then
        (call $log (call $level (local.get $fd)) (local.get $at) (local.get $len))
        (return)))
    (if (i32.ne (local.get $fd) (global.get $collected-fd))
      (then
        (call $flush)
        (global.set $collected-fd (local.get $fd))))
    (local.set $end (i32.add (local.get $at) (local.get $len)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $byte (i32.load8_u (local.get $at)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (if (i32.eq (local.get $byte) (i32.const 10))
          (then (call $flush))
          (else
            ;; A character that is cut in two is no UTF-8 and would trap: a full buffer is written before its next
            ;; character begins.
            (if (i32.and
                  (i32.ge_u (i32.add (global.get $used) (i32.const 4)) (global.get $buffer-len))
                  (i32.ne (i32.and (local.get $byte) (i32.const 0xc0)) (i32.const 0x80)))
              (then (call $flush)))
            ;; More than four continuations in a row are no text; what does not fit is dropped.
            (if (i32.lt_u (global.get $used) (global.get $buffer-len))
              (then
                (i32.store8 (i32.add (global.get $buffer) (global.get $used)) (local.get $byte))
                (global.set $used (i32.add (global.get $used) (i32.const 1)))))))
        (br $next))))

  (func (export "fd_write") (param $fd i32) (param $pieces i32) (param $count i32) (param $written i32) (result i32)
    (local $sum i32)
    (local $len i32)
    (if (i32.or (i32.lt_s (local.get $fd) (i32.const 1)) (i32.gt_s (local.get $fd) (i32.const 2)))
      (then (return (i32.const 8))))
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $count)))
        (local.set $len (i32.load offset=4 (local.get $pieces)))
        (call $collect (local.get $fd) (i32.load (local.get $pieces)) (local.get $len))
        (local.set $sum (i32.add (local.get $sum) (local.get $len)))
        (local.set $pieces (i32.add (local.get $pieces) (i32.const 8)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br $next)))
    (i32.store (local.get $written) (local.get $sum))
    (i32.const 0))

  ;; What a file descriptor is: the three standard ones are character devices that can be written, without more.
  (func (export "fd_fdstat_get") (param $fd i32) (param $stat i32) (result i32)
    (if (i32.gt_u (local.get $fd) (i32.const 2))
      (then (return (i32.const 8))))
    (i64.store (local.get $stat) (i64.const 2))
    (i64.store offset=8 (local.get $stat) (i64.const 0x40))
    (i64.store offset=16 (local.get $stat) (i64.const 0))
    (i32.const 0))

  ;; Every look at the clock is a microsecond later than the one before, whatever clock it is.
  (func $tick (result i64)
    (global.set $now (i64.add (global.get $now) (i64.const 1000)))
    (global.get $now))

  (func (export "clock_time_get") (param $clock i32) (param $precision i64) (param $time i32) (result i32)
    (i64.store (local.get $time) (call $tick))
    (i32.const 0))

  (func (export "clock_res_get") (param $clock i32) (param $resolution i32) (result i32)
    (i64.store (local.get $resolution) (i64.const 1000))
    (i32.const 0))

  ;; splitmix64, a byte at a time: what is asked for is short.
  (func (export "random_get") (param $at i32) (param $len i32) (result i32)
    (local $z i64)
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $len)))
        (global.set $seed (i64.add (global.get $seed) (i64.const 0x9e3779b97f4a7c15)))
        (local.set $z (global.get $seed))
        (local.set $z (i64.mul
          (i64.xor (local.get $z) (i64.shr_u (local.get $z) (i64.const 30)))
          (i64.const 0xbf58476d1ce4e5b9)))
        (local.set $z (i64.mul
          (i64.xor (local.get $z) (i64.shr_u (local.get $z) (i64.const 27)))
          (i64.const 0x94d049bb133111eb)))
        (i64.store8 (local.get $at) (i64.shr_u (local.get $z) (i64.const 56)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (local.set $len (i32.sub (local.get $len) (i32.const 1)))
        (br $next)))
    (i32.const 0))

  ;; Waiting for a time takes none: the clock jumps to the earliest time that is waited for. Nothing else ever happens.
  (func (export "poll_oneoff") (param $subscriptions i32) (param $events i32) (param $count i32) (param $happened i32)
    (result i32)
    (local $at i32)
    (local $left i32)
    (local $earliest i32)
    (local $deadline i64)
    (local $first i64)
    (local.set $at (local.get $subscriptions))
    (local.set $left (local.get $count))
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $left)))
        (if (i32.eqz (i32.load8_u offset=8 (local.get $at)))
          (then
            (local.set $deadline (i64.load offset=24 (local.get $at)))
            (if (i32.eqz (i32.and (i32.load16_u offset=40 (local.get $at)) (i32.const 1)))
              (then (local.set $deadline (i64.add (local.get $deadline) (global.get $now)))))
            (if (i32.or
                  (i32.eqz (local.get $earliest))
                  (i64.lt_u (local.get $deadline) (local.get $first)))
              (then
                (local.set $earliest (local.get $at))
                (local.set $first (local.get $deadline))))))
        (local.set $at (i32.add (local.get $at) (i32.const 48)))
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (br $next)))
    (if (i32.eqz (local.get $earliest))
      (then (return (i32.const 52))))
    (if (i64.gt_u (local.get $first) (global.get $now))
      (then (global.set $now (local.get $first))))
    (i64.store (local.get $events) (i64.load (local.get $earliest)))
    (i64.store offset=8 (local.get $events) (i64.const 0))
    (i64.store offset=16 (local.get $events) (i64.const 0))
    (i64.store offset=24 (local.get $events) (i64.const 0))
    (i32.store (local.get $happened) (i32.const 1))
    (i32.const 0))

  (func (export "sched_yield") (result i32) (i32.const 0))

  (func (export "proc_exit") (param $code i32)
    (call $flush)
    unreachable)

  (func $nothing (param $count i32) (param $bytes i32) (result i32)
    (i32.store (local.get $count) (i32.const 0))
    (i32.store (local.get $bytes) (i32.const 0))
    (i32.const 0))
  (export "args_sizes_get" (func $nothing))
  (export "environ_sizes_get" (func $nothing))
  (func (export "args_get") (param i32 i32) (result i32) (i32.const 0))
  (func (export "environ_get") (param i32 i32) (result i32) (i32.const 0))

  ;; No files and no sockets: a descriptor is not open (8), everything else is not there (52).
  (func (export "fd_close") (param i32) (result i32) (i32.const 8))
  (func (export "fd_prestat_get") (param i32 i32) (result i32) (i32.const 8))
  (func (export "fd_prestat_dir_name") (param i32 i32 i32) (result i32) (i32.const 8))
  (func (export "fd_fdstat_set_flags") (param i32 i32) (result i32) (i32.const 8))
  (func (export "fd_fdstat_set_rights") (param i32 i64 i64) (result i32) (i32.const 8))
  (func (export "fd_filestat_get") (param i32 i32) (result i32) (i32.const 8))
  (func (export "fd_filestat_set_size") (param i32 i64) (result i32) (i32.const 8))
  (func (export "fd_filestat_set_times") (param i32 i64 i64 i32) (result i32) (i32.const 8))
  (func (export "fd_advise") (param i32 i64 i64 i32) (result i32) (i32.const 8))
  (func (export "fd_allocate") (param i32 i64 i64) (result i32) (i32.const 8))
  (func (export "fd_datasync") (param i32) (result i32) (i32.const 8))
  (func (export "fd_sync") (param i32) (result i32) (i32.const 8))
  (func (export "fd_tell") (param i32 i32) (result i32) (i32.const 8))
  (func (export "fd_seek") (param i32 i64 i32 i32) (result i32) (i32.const 8))
  (func (export "fd_renumber") (param i32 i32) (result i32) (i32.const 8))
  (func (export "fd_read") (param i32 i32 i32 i32) (result i32) (i32.const 8))
  (func (export "fd_pread") (param i32 i32 i32 i64 i32) (result i32) (i32.const 8))
  (func (export "fd_pwrite") (param i32 i32 i32 i64 i32) (result i32) (i32.const 8))
  (func (export "fd_readdir") (param i32 i32 i32 i64 i32) (result i32) (i32.const 8))
  (func (export "path_create_directory") (param i32 i32 i32) (result i32) (i32.const 52))
  (func (export "path_filestat_get") (param i32 i32 i32 i32 i32) (result i32) (i32.const 52))
  (func (export "path_filestat_set_times") (param i32 i32 i32 i32 i64 i64 i32) (result i32) (i32.const 52))
  (func (export "path_link") (param i32 i32 i32 i32 i32 i32 i32) (result i32) (i32.const 52))
  (func (export "path_open") (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32) (i32.const 52))
  (func (export "path_readlink") (param i32 i32 i32 i32 i32 i32) (result i32) (i32.const 52))
  (func (export "path_remove_directory") (param i32 i32 i32) (result i32) (i32.const 52))
  (func (export "path_rename") (param i32 i32 i32 i32 i32 i32) (result i32) (i32.const 52))
  (func (export "path_symlink") (param i32 i32 i32 i32 i32) (result i32) (i32.const 52))
  (func (export "path_unlink_file") (param i32 i32 i32) (result i32) (i32.const 52))
  (func (export "sock_accept") (param i32 i32 i32) (result i32) (i32.const 52))
  (func (export "sock_recv") (param i32 i32 i32 i32 i32 i32) (result i32) (i32.const 52))
  (func (export "sock_send") (param i32 i32 i32 i32 i32) (result i32) (i32.const 52))
  (func (export "sock_shutdown") (param i32 i32) (result i32) (i32.const 52))
  (func (export "proc_raise") (param i32) (result i32) (i32.const 52)))
