module kubeboot.lab/standins

go 1.21
