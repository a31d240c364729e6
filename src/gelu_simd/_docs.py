DOCS = dict.fromkeys("gelu gelu_tanh gelu_grad gelu_tanh_grad gelu_backward gelu_tanh_backward".split(), "x")
