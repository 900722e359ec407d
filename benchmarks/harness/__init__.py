"""What capture costs beside what people use today: the whole system, measured from outside."""
