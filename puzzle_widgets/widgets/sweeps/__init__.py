"""The searches of many answers: Pareto front, budget surface, decision map."""
