// Release builds what a release consists of.
package main

func main() {}
