;; Exports one name twice from a core module, and the name is an escape sequence. Refused in readable text.
(component
  (core module
    (func (export "\1b[2J\nforged: line"))
    (func (export "\1b[2J\nforged: line"))))
