// Package log writes lines for the operator. The host bounds them: what exceeds the quota is dropped and counted.
package log

// Debug is for an author.
func Debug(message string) { write(0, message) }

// Info is for the record.
func Info(message string) { write(1, message) }

// Warn is something to look at.
func Warn(message string) { write(2, message) }

// Error is something that is wrong.
func Error(message string) { write(3, message) }
