from setuptools import setup
setup(name="x", install_requires=["left==1.0", 'right == 2.0'])
