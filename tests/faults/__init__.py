"""The fault matrix: one test for every way in which the world is known to break.

Each test injects the real fault, runs the real command and asks three things: is the exit
code the right one, does one line on standard error name the offender and what to do, and
is nothing lost or half-written. The numbers F01 to F35 are collected by `test_matrix`.
"""
