module greenroom

go 1.24
