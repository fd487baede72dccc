;; Imports something whose name is an escape sequence. Refused in readable text.
(component (import "url=<https://\1b[2J\nforged>" (instance)))
