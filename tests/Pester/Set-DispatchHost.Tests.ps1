BeforeAll { . "$PSScriptRoot/Setup.ps1" }

Describe 'Set-DispatchHost' {
    BeforeEach {
        Remove-Item $env:REMOTE_DISPATCH_HOSTS_FILE -ErrorAction Ignore
        Add-DispatchHost gpu1 ssh://deploy@gpu1.example.com:2222 -Capability gpu, big -Container box -WorkspaceRoot ~/work
        Add-DispatchHost gpu2 gpu2.example.com
    }

    It 'changes only what is named' {
        Set-DispatchHost gpu1 -Capability gpu
        $after = Get-DispatchHost gpu1
        $after.Capabilities | Should -Be 'gpu'
        "$($after.Address)" | Should -Be 'ssh://deploy@gpu1.example.com:2222'
        "$($after.Container)" | Should -Be 'box'
        $after.WorkspaceRoot | Should -Be '~/work'
        $after.Added | Should -Not -BeNullOrEmpty
    }

    It 'changes the address, and the transport with it' {
        (Set-DispatchHost gpu1 -Address gpu1.tail1.ts.net -PassThru).Transport | Should -Be 'Tailscale'
        (Set-DispatchHost gpu1 -Address 10.0.0.7 -PassThru).Transport | Should -Be 'Ssh'
    }

    It 'empties what is set to nothing' {
        Set-DispatchHost gpu1 -Capability @() -WorkspaceRoot '' -Container none
        $after = Get-DispatchHost gpu1
        $after.Capabilities | Should -BeNullOrEmpty
        $after.WorkspaceRoot | Should -BeNullOrEmpty
        "$($after.Container)" | Should -Be 'none'
    }

    It 'takes hosts from the pipeline' {
        Get-DispatchHost gpu* | Set-DispatchHost -Capability new
        (Get-DispatchHost -Capability new).Name | Should -Be 'gpu1', 'gpu2'
    }

    It 'says nothing unless it is asked to' {
        Set-DispatchHost gpu1 -Container auto | Should -BeNullOrEmpty
        "$((Set-DispatchHost gpu1 -Container none -PassThru).Container)" | Should -Be 'none'
    }

    It 'tells of a host that is not there, and goes on' {
        Set-DispatchHost nobody, gpu2 -Capability new -ErrorAction SilentlyContinue -ErrorVariable failure
        $failure.Count | Should -Be 1
        $failure[0].FullyQualifiedErrorId | Should -Be 'HostNotFound,RemoteDispatch.PowerShell.Hosts.SetDispatchHostCommand'
        $failure[0].TargetObject | Should -Be 'nobody'
        (Get-DispatchHost gpu2).Capabilities | Should -Be 'new'
    }

    It 'changes nothing with -WhatIf' {
        $before = Get-Content $env:REMOTE_DISPATCH_HOSTS_FILE -Raw
        Set-DispatchHost gpu1 -Address other.example.com -WhatIf
        Get-Content $env:REMOTE_DISPATCH_HOSTS_FILE -Raw | Should -BeExactly $before
    }

    It 'refuses what cannot be used, and leaves the host as it was' {
        $before = Get-Content $env:REMOTE_DISPATCH_HOSTS_FILE -Raw
        { Set-DispatchHost gpu1 -Address '-oProxyCommand=id' -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidInput,*'
        { Set-DispatchHost gpu1 -WorkspaceRoot '../x' -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidInput,*'
        { Set-DispatchHost gpu1 -Capability 'two words' -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidInput,*'
        { Set-DispatchHost gpu1 -Container '$(id)' -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidInput,*'
        Get-Content $env:REMOTE_DISPATCH_HOSTS_FILE -Raw | Should -BeExactly $before
    }

    It 'completes host names' {
        (Get-Completion 'Set-DispatchHost gpu2').CompletionText | Should -Be 'gpu2'
    }
}
