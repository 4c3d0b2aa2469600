"""Cases from the field: each as it came, and once more in documented headings and figures."""
